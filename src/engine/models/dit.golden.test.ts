import { expect, test } from "vitest";
import { goldenFolder } from "../../../test/parity/folder";
import { ditCases } from "../../../test/parity/dit";

/** Every stored result of the official code: schedule, forward, losses, gradients, an update, samplers. */
const cases = goldenFolder("dit").flatMap(({ manifest, tensors }) => ditCases(manifest, tensors));

test("the fixture gives cases of every kind", () => {
  expect(cases.length).toBeGreaterThan(40);
});

test.each(cases.map((parityCase) => [parityCase.name, parityCase] as const))(
  "%s matches the reference",
  async (_, { run }) => {
    const { error, tolerance, worst } = await run();
    expect(error, `largest error, in ${worst ?? "it"}`).toBeLessThanOrEqual(tolerance);
  },
);

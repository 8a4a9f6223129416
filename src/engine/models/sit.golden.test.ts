import { expect, test } from "vitest";
import { goldenFolder } from "../../../test/parity/folder";
import { sitCases } from "../../../test/parity/sit";

/** Every stored result of the official code: units, forward, losses, gradients, updates, samplers. */
const cases = goldenFolder("sit").flatMap(({ manifest, tensors }) => sitCases(manifest, tensors));

test("the fixture gives cases of every kind", () => {
  expect(cases.length).toBeGreaterThan(80);
});

test.each(cases.map((parityCase) => [parityCase.name, parityCase] as const))(
  "%s matches the reference",
  async (_, { run }) => {
    const { error, tolerance, worst } = await run();
    expect(error, `largest error, in ${worst ?? "it"}`).toBeLessThanOrEqual(tolerance);
  },
);

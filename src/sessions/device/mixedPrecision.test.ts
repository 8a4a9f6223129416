import { expect, test } from "vitest";
import { Experiment } from "../../common/config/experiment";
import { mixedPrecisionRefusal } from "./mixedPrecision";

const wanted = Experiment.parse({ optimizer: { mixedPrecision: true } });
const without = { adapter: "an adapter", float16: false };

test("only a run that asks for mixed precision on a device without float16 is told", () => {
  expect(mixedPrecisionRefusal(wanted, without)).toMatchObject({
    code: "FEATURE_MISSING",
    message: expect.stringContaining("an adapter") as string,
  });
  expect(mixedPrecisionRefusal(wanted, { ...without, float16: true })).toBeUndefined();
  expect(mixedPrecisionRefusal(Experiment.parse({}), without)).toBeUndefined();
});

test("where float16 failed the self-check the run is told how", () => {
  const selfCheck = { tiles: [], operations: [], float16: "Linear off by 0.8" };
  const refusal = mixedPrecisionRefusal(wanted, { ...without, selfCheck });
  expect(refusal?.message).toMatch(/an adapter.*float16.*Linear off by 0.8/);
});

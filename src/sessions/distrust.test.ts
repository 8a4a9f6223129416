import { expect, test } from "vitest";
import { distrustWarning } from "./distrust";

test("a device whose kernels failed is named with them; a sound one says nothing", () => {
  expect(distrustWarning({ adapter: "a GPU" })).toBeUndefined();
  expect(distrustWarning({ adapter: "a GPU", distrusted: [] })).toBeUndefined();
  const warning = distrustWarning({ adapter: "a GPU", distrusted: ["StudioLinear"] });
  expect(warning?.message).toMatch(/a GPU.*StudioLinear/);
});

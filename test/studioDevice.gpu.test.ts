import { expect, test } from "vitest";
import { browserGpu } from "../src/common/gpu/browserGpu";
import { currentStudioBackend, type StudioBackend } from "../src/engine/kernels/studioBackend";
import { keepStudioDevice } from "./studioDevice";

const backend = (): StudioBackend => {
  const current = currentStudioBackend();
  if (!current) throw new Error("Not on the studio's backend.");
  return current;
};

test("the next file has the same device, and its tuning and precision whatever this one set", async () => {
  const { device, tuning } = backend();
  backend().tuning = { kind: "register", tile: [4, 4] };
  backend().mixedPrecision = true;
  await keepStudioDevice(browserGpu());
  expect(backend().device).toBe(device);
  expect(backend().tuning).toBe(tuning);
  expect(backend().mixedPrecision).toBe(false);
});

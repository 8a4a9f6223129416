import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach } from "vitest";
import type { MatMulTuning } from "../src/engine/kernels/device";
import { currentStudioBackend } from "../src/engine/kernels/studioBackend";

/** Every test of this block runs on the studio's backend with these tiles; afterwards it has its own again. */
export function useTuning(tuning: MatMulTuning): void {
  const backend = () => {
    const current = currentStudioBackend();
    if (!current) throw new Error("Not on the studio's backend.");
    return current;
  };
  let before: MatMulTuning;
  beforeEach(() => {
    before = backend().tuning;
    backend().tuning = tuning;
  });
  afterEach(async () => {
    await tf.setBackend("webgpu"); // a twin may have left tfjs on another
    backend().tuning = before;
  });
}

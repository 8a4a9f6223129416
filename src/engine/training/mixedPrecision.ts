import type { StudioBackend } from "../kernels/studioBackend";
import type { Trainer } from "./trainer";

/** Multiplies in float16 while `work` encodes; nothing that is encoded later does. */
export function inMixedPrecision<T>(backend: StudioBackend, work: () => T): T {
  backend.mixedPrecision = true;
  try {
    return work();
  } finally {
    backend.mixedPrecision = false;
  }
}

/**
 * A trainer whose steps multiply in float16 where the device supports it and passed its check (kernels/matMul): weights, sums,
 * norms and the update stay float32, and what is computed between steps (samples, metrics) does too.
 */
export function withMixedPrecision(backend: StudioBackend, trainer: Trainer): Trainer {
  if (!backend.float16) return trainer;
  const mixed = <T>(work: () => T): T => inMixedPrecision(backend, work);
  return {
    ...trainer,
    prepare: (batch, options, onProgress) =>
      mixed(() => trainer.prepare(batch, options, onProgress)),
    step: (batch, options) => mixed(() => trainer.step(batch, options)),
  };
}

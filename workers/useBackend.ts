import * as tf from "@tensorflow/tfjs-core";
import { StudioError } from "../src/common/errors/studioError";

/** The error of a backend's start. tfjs only writes it to the console and continues with another backend. */
async function causeOf(backend: string): Promise<unknown> {
  try {
    await tf.findBackendFactory(backend)();
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}

/** Makes a backend the current one. @throws StudioError BACKEND_FAILED when tfjs stays on another */
export async function useBackend(backend: string): Promise<void> {
  // when setBackend fails it returns false and leaves tf on another backend without an error: check both
  const chosen = await tf.setBackend(backend).catch(() => false);
  await tf.ready();
  if (chosen && tf.getBackend() === backend) return;
  const cause = await causeOf(backend);
  const because = cause instanceof Error ? `: ${cause.message}` : "";
  throw new StudioError(
    "BACKEND_FAILED",
    `The ${backend} backend did not start (tfjs is on "${tf.getBackend()}")${because}.`,
    "Reload the page, or choose another backend with ?backend=wasm in the address.",
    { cause },
  );
}

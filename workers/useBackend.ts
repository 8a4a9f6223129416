import * as tf from "@tensorflow/tfjs-core";
import { StudioError } from "../src/common/errors/studioError";

/** What a backend's own start throws: tfjs writes it to the console and goes on with another backend. */
async function causeOf(backend: string): Promise<unknown> {
  try {
    await tf.findBackendFactory(backend)();
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}

/** Makes a backend the one in force. @throws StudioError BACKEND_FAILED when tfjs stays on another */
export async function useBackend(backend: string): Promise<void> {
  // setBackend that fails answers false and leaves tf on another backend, silently: check both
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

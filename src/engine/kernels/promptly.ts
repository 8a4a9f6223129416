import * as tf from "@tensorflow/tfjs-core";
import type { StudioDevice } from "./device";

const isStudioDevice = (backend: object): backend is StudioDevice => "isStudioDevice" in backend;

/**
 * Runs `work` so that a tensor's memory is free as soon as the tensor is dropped. tfjs' WebGPU backend holds it until
 * some dispatches later, which among large pictures is most of the memory there is.
 */
export function promptly<T>(work: () => T): T {
  const backend = tf.backend();
  return isStudioDevice(backend) ? backend.promptly(work) : work();
}

import * as tf from "@tensorflow/tfjs-core";
import type { StudioDevice } from "./device";

const isStudioDevice = (backend: object): backend is StudioDevice => "isStudioDevice" in backend;

/**
 * Runs `work` and submits each dispatch by itself, so that a tensor's memory is free as soon as the tensor is disposed.
 * tfjs' WebGPU backend submits several dispatches together and keeps the memory of all their tensors until then. With
 * large images that is most of the memory of the device.
 */
export function submitPerDispatch<T>(work: () => T): T {
  const backend = tf.backend();
  return isStudioDevice(backend) ? backend.submitPerDispatch(work) : work();
}

import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-webgpu";
import { beforeAll } from "vitest";
import { extendWithTolerance } from "./toBeAllClose";

extendWithTolerance();

beforeAll(async () => {
  // setBackend answers false and leaves tf on another backend, silently: check both
  const chosen = await tf.setBackend("webgpu");
  await tf.ready();
  if (!chosen || tf.getBackend() !== "webgpu")
    throw new Error("No WebGPU adapter in the test browser.");
});

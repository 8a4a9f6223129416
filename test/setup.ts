import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll } from "vitest";
import { extendWithTolerance } from "./toBeAllClose";

extendWithTolerance();

beforeAll(async () => {
  await tf.setBackend("cpu");
  await tf.ready();
});

import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { randomNormal } from "../../common/math/rng";
import { pool3x3 } from "./inceptionV3";

test("WebGPU's pools leave out what is beyond the picture, as the plain backend's do", async () => {
  const shape = [2, 5, 7, 3] as const;
  const values = randomNormal({ seed: 5, stream: "picture" }, 210).map((value) => value - 5);
  const kinds = ["average", "max", "halve"] as const;
  const pooled = async (backend: string) => {
    await tf.setBackend(backend);
    const made = kinds.map((kind) => tf.tidy(() => pool3x3(tf.tensor4d(values, [...shape]), kind)));
    const found = await Promise.all(made.map(async (tensor) => [...(await tensor.data())]));
    tf.dispose(made);
    return found.flat();
  };
  expect(await pooled("webgpu")).toBeAllClose(await pooled("cpu"), { rtol: 1e-5, atol: 1e-6 });
});

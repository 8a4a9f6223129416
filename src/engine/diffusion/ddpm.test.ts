import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { linearSchedule, spacedSchedule, spacedSteps } from "../../common/math/ddpmSchedule";
import { randomNormal } from "../../common/math/rng";
import { sampleAncestral, sampleDdim, type NoiseFunction } from "./ddpmSamplers";
import { guidedPrediction } from "./noiseGuidance";

const SHAPE: [number, number, number, number] = [2, 2, 2, 4];
const latents = (stream: string) => tf.tensor4d(randomNormal({ seed: 1, stream }, 32), SHAPE);
const schedule = spacedSchedule(linearSchedule(), spacedSteps(1000, [7]));

/** Knows the data: the noise it names leads back to it from everywhere. */
const knowing =
  (data: tf.Tensor4D): NoiseFunction =>
  (x, timestep) => {
    const signal = linearSchedule().alphasCumprod[timestep] ?? NaN;
    const eps = tf.div<tf.Tensor4D>(
      tf.sub(x, tf.mul(data, Math.sqrt(signal))),
      Math.sqrt(1 - signal),
    );
    return { eps, variance: tf.zerosLike(x) };
  };

test("with a network that knows the data both samplers arrive at it, and leave nothing behind", async () => {
  const [data, start] = [latents("data"), latents("start")];
  const before = tf.memory().numTensors;
  const asked: number[] = [];
  const noise = (index: number) => {
    asked.push(index);
    return latents(`noise ${index}`);
  };
  const ancestral = await sampleAncestral(knowing(data), start, { schedule, noise });
  const ddim = await sampleDdim(knowing(data), start, { schedule });
  expect(ancestral.dataSync()).toBeAllClose(data.dataSync(), { atol: 1e-4 });
  expect(ddim.dataSync()).toBeAllClose(data.dataSync(), { atol: 1e-4 });
  expect(asked).toEqual([0, 1, 2, 3, 4, 5]);
  tf.dispose([ancestral, ddim]);
  expect(tf.memory().numTensors).toBe(before);
  tf.dispose([data, start]);
});

test("guidance acts on all channels, or on the first three and no other; the variance is the label's", () => {
  tf.tidy(() => {
    const prediction = (eps: number, variance: number) => ({
      eps: tf.fill<tf.Rank.R4>(SHAPE, eps),
      variance: tf.fill<tf.Rank.R4>(SHAPE, variance),
    });
    const guide = (channels: "all" | "first-three") => {
      const { eps, variance } = guidedPrediction(prediction(3, 5), prediction(1, 7), {
        scale: 2,
        channels,
      });
      return [[...eps.dataSync()].slice(0, 4), variance.dataSync()[0]];
    };
    expect(guide("all")).toEqual([[5, 5, 5, 5], 5]);
    expect(guide("first-three")).toEqual([[5, 5, 5, 3], 5]);
  });
});

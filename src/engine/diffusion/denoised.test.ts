import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { linearSchedule } from "../../common/math/ddpmSchedule";
import { interpolant } from "../../common/math/interpolant";
import { randomNormal } from "../../common/math/rng";
import { predictedData } from "./ddpmSamplers";
import { denoisedFrom } from "./denoised";
import { interpolateWith, pathCoefficients } from "./interpolate";
import { scoreFromVelocity } from "./score";
import { noisingCoefficients } from "./variationalBound";

const SHAPE: [number, number, number, number] = [3, 2, 2, 1];
const latents = (stream: string) => tf.tensor4d(randomNormal({ seed: 5, stream }, 12), SHAPE);
const TIMES = Float32Array.of(0.1, 0.5, 0.9);
const STEPS = Float32Array.of(0, 258, 900);

test("of a perfect prediction it is the data: on both paths, and at a DiT's steps", () => {
  tf.tidy(() => {
    const [data, noise] = [latents("data"), latents("noise")];
    for (const coefficients of [
      pathCoefficients(TIMES, "linear"),
      pathCoefficients(TIMES, "cosine"),
      noisingCoefficients(STEPS, linearSchedule()),
    ]) {
      const { xt, velocity } = interpolateWith(data, noise, tf.tensor2d(coefficients, [3, 4]));
      const found = denoisedFrom(velocity, xt, coefficients);
      expect(found.dataSync()).toBeAllClose(data.dataSync(), { atol: 2e-5 });
    }
  });
});

test("of any velocity it is Tweedie's (x + sigma² score) / alpha", () => {
  tf.tidy(() => {
    const [velocity, xt] = [latents("velocity"), latents("state")];
    const score = scoreFromVelocity(velocity, xt, TIMES, "cosine").dataSync();
    const x = xt.dataSync();
    const want = Float32Array.from(x, (value, i) => {
      const { alpha, sigma } = interpolant("cosine", TIMES[Math.floor(i / 4)] ?? NaN);
      return (value + sigma ** 2 * (score[i] ?? NaN)) / alpha;
    });
    const found = denoisedFrom(velocity, xt, pathCoefficients(TIMES, "cosine"));
    expect(found.dataSync()).toBeAllClose(want, { rtol: 1e-5, atol: 1e-5 });
  });
});

test("of any noise at one step it is the data that a DiT's sampler goes by", () => {
  tf.tidy(() => {
    const [eps, xt] = [latents("eps"), latents("state")];
    const schedule = linearSchedule();
    const coefficients = noisingCoefficients(Float32Array.of(258, 258, 258), schedule);
    const want = predictedData(xt, eps, schedule, 258);
    expect(denoisedFrom(eps, xt, coefficients).dataSync()).toBeAllClose(want.dataSync(), {
      rtol: 1e-5,
      atol: 1e-5,
    });
  });
});

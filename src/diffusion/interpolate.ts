import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { StudioError } from "../errors/studioError";
import { interpolant, type PathKind } from "../math/interpolant";
import { perSample } from "./coefficients";

/**
 * x_t = alpha_t x* + sigma_t eps and its velocity dx_t/dt.
 * @param xStar clean latents [B, H, W, C]; `eps` is standard normal noise of the same shape
 * @param t diffusion times [B] in [0, 1]: 0 is data, 1 is noise
 * @returns xt and velocity, both [B, H, W, C]; velocity is per unit of t
 * @throws StudioError SHAPE_MISMATCH when xStar, eps and t disagree
 * @source SiT (arXiv:2401.08740) Eq. 1; sihyun-yu/REPA loss.py SILoss.__call__
 */
export function interpolate(
  xStar: Tensor4D,
  eps: Tensor4D,
  t: Float32Array,
  path: PathKind,
): { xt: Tensor4D; velocity: Tensor4D } {
  const sameShape = xStar.shape.join() === eps.shape.join();
  if (!sameShape || t.length !== xStar.shape[0]) {
    throw new StudioError(
      "SHAPE_MISMATCH",
      `Latents [${xStar.shape.join(", ")}], noise [${eps.shape.join(", ")}] and ${t.length} times do not belong together.`,
      "This is a fault of the program: please report it with the share link of the run.",
    );
  }
  return tf.tidy(() => {
    const combine = (onData: (t: number) => number, onNoise: (t: number) => number): Tensor4D =>
      tf.add(tf.mul(perSample(t, onData), xStar), tf.mul(perSample(t, onNoise), eps));
    const at = (time: number) => interpolant(path, time);
    return {
      xt: combine(
        (s) => at(s).alpha,
        (s) => at(s).sigma,
      ),
      velocity: combine(
        (s) => at(s).dAlpha,
        (s) => at(s).dSigma,
      ),
    };
  });
}

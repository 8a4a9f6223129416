import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import { StudioError } from "../../common/errors/studioError";
import { Interpolate } from "../kernels/interpolateOp";
import { run } from "../kernels/operation";
import { interpolant, type PathKind } from "../../common/math/interpolant";

/** alpha, sigma and their derivatives at each time, [B, 4] flat: computed in float64, stored as float32. */
export const pathCoefficients = (t: Float32Array, path: PathKind): Float32Array =>
  Float32Array.from(
    [...t].flatMap((time) => {
      const { alpha, sigma, dAlpha, dSigma } = interpolant(path, time);
      return [alpha, sigma, dAlpha, dSigma];
    }),
  );

/** `interpolate` with the path's coefficients [B, 4] on the device already. */
export function interpolateWith(
  xStar: Tensor4D,
  eps: Tensor4D,
  coefficients: Tensor2D,
): { xt: Tensor4D; velocity: Tensor4D } {
  return run(Interpolate, { xStar, eps, coefficients }, {});
}

/**
 * x_t = alpha_t x* + sigma_t eps and its velocity dx_t/dt. Nothing here has a gradient: all inputs are data.
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
  return tf.tidy(() =>
    interpolateWith(xStar, eps, tf.tensor2d(pathCoefficients(t, path), [t.length, 4])),
  );
}

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { scoreCoefficients, type PathKind } from "../../common/math/interpolant";
import { perSample } from "./coefficients";

/**
 * The score of x_t from its velocity: both [B, H, W, C] with times t [B], each above 0.
 * @source SiT (arXiv:2401.08740) Eq. 9; sihyun-yu/REPA samplers.py get_score_from_velocity
 */
export const scoreFromVelocity = (
  velocity: Tensor4D,
  xt: Tensor4D,
  t: Float32Array,
  path: PathKind,
): Tensor4D =>
  tf.tidy(() =>
    tf.add<Tensor4D>(
      tf.mul(
        perSample(t, (time) => scoreCoefficients(path, time).onVelocity),
        velocity,
      ),
      tf.mul(
        perSample(t, (time) => scoreCoefficients(path, time).onState),
        xt,
      ),
    ),
  );

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";

/** Columns of `pathCoefficients` and `noisingCoefficients`: alpha, sigma and what is predicted of data and noise. */
const COLUMNS = 4;

/**
 * The data a model believes in at x_t: the x_0 that, with some noise, gives both x_t = alpha x_0 + sigma eps and what the model
 * predicts, alpha' x_0 + sigma' eps. That is a SiT's velocity; of a DiT, alpha' = 0 and sigma' = 1, it is the noise. By Tweedie's
 * formula it is (x_t + sigma² score) / alpha, the score view of the same prediction (`scoreFromVelocity`).
 * @param predicted velocity or noise, and `xt`, both [B, H, W, C]
 * @param coefficients what x_t was mixed with, [B, 4] flat; alpha above 0
 * @source REPA (arXiv:2410.06940) Eq. 7; Ho et al. (arXiv:2006.11239) Eq. 15
 */
export function denoisedFrom(
  predicted: Tensor4D,
  xt: Tensor4D,
  coefficients: Float32Array,
): Tensor4D {
  const count = xt.shape[0];
  const bySample = (
    value: (alpha: number, sigma: number, dAlpha: number, dSigma: number) => number,
  ) =>
    tf.tensor4d(
      Float32Array.from({ length: count }, (_, i) => {
        const [alpha = NaN, sigma = NaN, dAlpha = NaN, dSigma = NaN] = coefficients.subarray(
          i * COLUMNS,
        );
        return value(alpha, sigma, dAlpha, dSigma) / (alpha * dSigma - dAlpha * sigma);
      }),
      [count, 1, 1, 1],
    );
  return tf.tidy(() =>
    tf.sub<Tensor4D>(
      tf.mul(
        xt,
        bySample((_alpha, _sigma, _dAlpha, dSigma) => dSigma),
      ),
      tf.mul(
        predicted,
        bySample((_alpha, sigma) => sigma),
      ),
    ),
  );
}

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { named } from "../kernels/named";

/** What a DiT says of a noised latent, both [B, H, W, C]. */
export interface NoisePrediction {
  /** The noise in it. */
  readonly eps: Tensor4D;
  /** Where the log variance of the step back lies between its least (-1) and its largest (1) value, without limits. */
  readonly variance: Tensor4D;
}

/**
 * A DiT's output [B, H, W, 2C] as a prediction: channels 0 to C - 1 are the noise, the rest the variance.
 * @source DiT (arXiv:2212.09748) section 3.1; Nichol and Dhariwal (arXiv:2102.09672) Eq. 15
 */
export function asNoisePrediction(output: Tensor4D): NoisePrediction {
  return named(["eps", "variance"], tf.split<Tensor4D>(output, 2, 3));
}

import type { Tensor4D } from "@tensorflow/tfjs-core";
import { StudioError } from "../../common/errors/studioError";

/**
 * Images [B, H, W, C] must divide into latent pixels of `factor` image pixels a side.
 * @throws StudioError SHAPE_MISMATCH
 */
export function assertDivisible({ shape: [, height, width] }: Tensor4D, factor: number): void {
  if (height % factor === 0 && width % factor === 0) return;
  throw new StudioError(
    "SHAPE_MISMATCH",
    `Images of ${height}x${width} px cannot be encoded: a pixel of the autoencoder's latents spans ${factor} px.`,
    `Use images whose sides are multiples of ${factor} px.`,
  );
}

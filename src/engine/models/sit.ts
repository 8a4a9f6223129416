import type { Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { transformerForward } from "./transformer";

export interface SiTOutput {
  /** Predicted velocity dx_t/dt, [B, H, W, C]. */
  readonly velocity: Tensor4D;
  /** Hidden state after each block, [B, T, D]. */
  readonly hidden: readonly Tensor3D[];
}

/**
 * SiT: the transformer at times t [B] in [0, 1], whose output is the velocity.
 * @source SiT (arXiv:2401.08740); sihyun-yu/REPA models/sit.py SiT.forward
 */
export function sitForward(...given: Parameters<typeof transformerForward>): SiTOutput {
  const { output, hidden } = transformerForward(...given);
  return { velocity: output, hidden };
}

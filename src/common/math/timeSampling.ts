import type { PathKind } from "./interpolant";
import { randomNormal, randomUniform, type RandomKey } from "./rng";

export type TimeLaw = "uniform" | "lognormal";

/** t of noise level sigma / alpha = `ratio` on a path. */
export const timeOfRatio = (path: PathKind, ratio: number): number =>
  path === "linear" ? ratio / (1 + ratio) : (2 / Math.PI) * Math.atan(ratio);

/**
 * `count` training times in [0, 1], float32, a function of the key alone.
 * Log-normal: sigma = exp(N(0, 1)), taken to the path's time. @source sihyun-yu/REPA loss.py SILoss.__call__
 */
export function sampleTimes(
  key: RandomKey,
  count: number,
  law: TimeLaw,
  path: PathKind,
): Float32Array {
  if (law === "uniform") return randomUniform(key, count);
  return randomNormal(key, count).map((normal) => timeOfRatio(path, Math.exp(normal)));
}

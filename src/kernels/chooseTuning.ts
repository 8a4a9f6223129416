import * as tf from "@tensorflow/tfjs-core";
import type { MatMulTuning } from "./device";
import { Linear, LinearGradW, LinearGradX } from "./linear";
import { run } from "./operation";
import type { StudioBackend } from "./studioBackend";

/** What may suit an adapter: tiles in registers (software adapters) or in workgroup memory (real GPUs). */
export const TUNINGS: readonly MatMulTuning[] = [
  { kind: "register", tile: [16, 8], dots: true },
  { kind: "register", tile: [16, 8], dots: false },
  { kind: "register", tile: [8, 8], dots: true },
  { kind: "shared", tile: [4, 4] },
];

export interface TuningTime {
  readonly tuning: MatMulTuning;
  /** One linear map and its gradients. */
  readonly ms: number;
}

/** Rows, inputs and outputs of the linear map that is timed. */
type Sizes = readonly [rows: number, inputs: number, outputs: number];
const SMALL: Sizes = [256, 128, 256];
const LARGE: Sizes = [2048, 512, 1024];
/** Slower than this on the small sizes, an adapter computes on the CPU, and the large ones would take seconds. */
const SLOW_MS = 8;
const ROUNDS = 3;

/** Milliseconds of one linear map with both its gradients, the best of a few, after one that compiles. */
async function timed(
  backend: StudioBackend,
  [rows, inputs, outputs]: Sizes,
  clockMs: () => number,
): Promise<number> {
  const operands = tf.tidy(() => ({
    x: tf.fill<tf.Rank.R2>([rows, inputs], 0.5),
    dy: tf.fill<tf.Rank.R2>([rows, outputs], 0.5),
    weight: tf.fill<tf.Rank.R2>([outputs, inputs], 0.5),
    bias: tf.fill<tf.Rank.R1>([outputs], 0.5),
  }));
  const round = async (): Promise<number> => {
    const start = clockMs();
    tf.tidy(() => {
      const { x, dy, weight, bias } = operands;
      run(Linear, { x, weight, bias }, { activation: "none", chunks: 1 });
      run(LinearGradX, { dy, weight }, { activation: "none" });
      run(LinearGradW, { dy, x, weight, bias }, {});
    });
    backend.flush();
    await backend.queue.onSubmittedWorkDone();
    return clockMs() - start;
  };
  await round();
  let best = Infinity;
  for (let i = 0; i < ROUNDS; i++) best = Math.min(best, await round());
  tf.dispose({ ...operands });
  return best;
}

/**
 * Measures the tunings on this adapter, the best first. Small products decide on a slow adapter, large ones on a
 * fast one, where small ones measure only the trip. Leaves the backend's own tuning as it was.
 */
export async function compareTunings(
  backend: StudioBackend,
  clockMs: () => number,
  tunings: readonly MatMulTuning[] = TUNINGS,
): Promise<TuningTime[]> {
  const before = backend.tuning;
  const measure = async (sizes: Sizes): Promise<TuningTime[]> => {
    const times: TuningTime[] = [];
    for (const tuning of tunings) {
      backend.tuning = tuning;
      times.push({ tuning, ms: await timed(backend, sizes, clockMs) });
    }
    return times.sort((a, b) => a.ms - b.ms);
  };
  try {
    const small = await measure(SMALL);
    return (small[0]?.ms ?? 0) > SLOW_MS ? small : await measure(LARGE);
  } finally {
    backend.tuning = before;
  }
}

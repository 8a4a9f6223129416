import * as tf from "@tensorflow/tfjs-core";
import { attempt } from "./attempt";
import type { MatMulTuning } from "./device";
import { Linear, LinearGradW, LinearGradX } from "./linearOp";
import { run } from "./operation";
import { rankWithin, type Budget, type Sizes, type TuningTime } from "./rankWithin";
import type { StudioBackend } from "./studioBackend";

/** Tunings to choose from: tiles in registers (for software adapters) or in workgroup memory (for real GPUs). */
export const TUNINGS: readonly [MatMulTuning, ...MatMulTuning[]] = [
  { kind: "register", tile: [16, 8], dots: true },
  { kind: "register", tile: [16, 8], dots: false },
  { kind: "register", tile: [8, 8], dots: true },
  { kind: "shared", tile: [4, 4] },
];

const ROUNDS = 3;
/** Any sizes that divide by four will do: the programs are the same for all of them. */
const COMPILED: Sizes = [4, 4, 4];

const UNLIMITED: Budget = { ms: Infinity, sleep: () => new Promise(() => undefined) };

const operandsOf = ([rows, inputs, outputs]: Sizes) =>
  tf.tidy(() => ({
    x: tf.fill<tf.Rank.R2>([rows, inputs], 0.5),
    dy: tf.fill<tf.Rank.R2>([rows, outputs], 0.5),
    weight: tf.fill<tf.Rank.R2>([outputs, inputs], 0.5),
    bias: tf.fill<tf.Rank.R1>([outputs], 0.5),
  }));

/** One linear map with both its gradients. */
const products = ({ x, dy, weight, bias }: ReturnType<typeof operandsOf>): void => {
  tf.tidy(() => {
    run(Linear, { x, weight, bias }, {});
    run(LinearGradX, { dy, weight }, { activation: "none" });
    run(LinearGradW, { dy, x, weight, bias }, {});
  });
};

/** Milliseconds of the products: the fastest of a few rounds, after one that warms up. */
async function timed(
  backend: StudioBackend,
  sizes: Sizes,
  clockMs: () => number,
  leftMs: () => number,
): Promise<number> {
  const operands = operandsOf(sizes);
  const round = async (): Promise<number> => {
    const start = clockMs();
    products(operands);
    backend.flush();
    await backend.queue.onSubmittedWorkDone();
    return clockMs() - start;
  };
  await round();
  let best = await round();
  for (let i = 1; i < ROUNDS && best <= leftMs(); i++) best = Math.min(best, await round());
  tf.dispose({ ...operands });
  return best;
}

/** Whether the programs that `dryRun` needs can be compiled. WGSL is checked at once, pipelines are made later. */
async function compiles(backend: StudioBackend, dryRun: () => void): Promise<boolean> {
  backend.device.pushErrorScope("validation");
  const made = backend.compile(dryRun, () => undefined);
  const complaint = backend.device.popErrorScope();
  const [pipelines, texts] = await Promise.allSettled([made, complaint]);
  return pipelines.status === "fulfilled" && texts.status === "fulfilled" && texts.value === null;
}

/**
 * Measures the tunings on this adapter, the fastest first. Their programs are compiled at the same time. Tunings that
 * do not compile, and those there is no time for, are left out. The backend's own tuning stays as it was.
 */
export async function compareTunings(
  backend: StudioBackend,
  clockMs: () => number,
  tunings: readonly MatMulTuning[] = TUNINGS,
  budget: Budget = UNLIMITED,
): Promise<readonly TuningTime[]> {
  const before = backend.tuning;
  const dryRun = () =>
    tf.tidy(() => {
      products(operandsOf(COMPILED));
    });
  const candidates = tunings.map((tuning) => {
    backend.tuning = tuning;
    return {
      tuning,
      compiled: compiles(backend, dryRun),
      time: async (sizes: Sizes, leftMs: () => number) => {
        backend.tuning = tuning;
        const work = () => timed(backend, sizes, clockMs, leftMs);
        const result = await attempt(backend.device, work);
        return result.ok ? result.value : Infinity;
      },
    };
  });
  try {
    return await rankWithin(candidates, clockMs, budget);
  } finally {
    backend.tuning = before;
  }
}

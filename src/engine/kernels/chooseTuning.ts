import * as tf from "@tensorflow/tfjs-core";
import { attempt } from "./attempt";
import type { MatMulTuning, RegisterTuning } from "./device";
import { Linear, LinearGradW, LinearGradX } from "./linearOp";
import { measureFill } from "./measureFill";
import { run } from "./operation";
import { rankWithin, type Budget, type Sizes, type TuningTime } from "./rankWithin";
import { SHARED_TILES } from "./sharedTile";
import { oneTile, shortList, tileSpeeds } from "./sharedTuning";
import type { StudioBackend } from "./studioBackend";

/** Tiles in registers: what software adapters like. */
export const REGISTER_TUNINGS: readonly [RegisterTuning, ...RegisterTuning[]] = [
  { kind: "register", tile: [16, 8], dots: true },
  { kind: "register", tile: [16, 8], dots: false },
  { kind: "register", tile: [8, 8], dots: true },
];

/** All that are measured: tiles in registers, and each tile through workgroup memory, which real GPUs like. */
export const TUNINGS: readonly [MatMulTuning, ...MatMulTuning[]] = [
  ...REGISTER_TUNINGS,
  ...SHARED_TILES.map(oneTile),
];

/** What was measured of an adapter. */
export interface Comparison {
  /** The fastest first. */
  readonly times: readonly TuningTime[];
  /** Workgroups that it runs at the same time; undefined unless a tile through workgroup memory is the fastest. */
  readonly fill?: number;
}

/**
 * The fastest tuning. Tiles through workgroup memory that are worth choosing from are then joined in one, and each
 * product takes the one that suits its shape.
 */
export function fastest({ times, fill }: Comparison): MatMulTuning | undefined {
  const best = times[0]?.tuning;
  if (best?.kind !== "shared" || fill === undefined) return best;
  const [first, ...others] = shortList(tileSpeeds(times, fill));
  return first ? { kind: "shared", fill, speeds: [first, ...others] } : best;
}

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
): Promise<Comparison> {
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
    const times = await rankWithin(candidates, clockMs, budget);
    if (times[0]?.tuning.kind !== "shared") return { times };
    const fill = await attempt(backend.device, () => measureFill(backend, clockMs));
    return fill.ok ? { times, fill: fill.value } : { times };
  } finally {
    backend.tuning = before;
  }
}

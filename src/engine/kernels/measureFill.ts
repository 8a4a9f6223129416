import * as tf from "@tensorflow/tfjs-core";
import { sharedDispatch } from "./matMul";
import { SHARED_TILES, sideOf } from "./sharedTile";
import type { StudioBackend } from "./studioBackend";

/** Numbers of workgroups that are tried. */
const FEWEST = 8;
const MOST = 512;
const STEPS = 512;
/** Products after each other in one submit: so many that they take long against the submit, if the adapter is fast. */
const MOST_PRODUCTS = 16;
const LONG_MS = 4;
const ROUNDS = 3;
/** Twice as many workgroups that take this much longer have run one after the other. */
const LONGER = 1.5;

/**
 * The most workgroups that take hardly longer than half as many. WebGPU does not say how many cores an adapter has.
 * @param msOf milliseconds of so many workgroups, which all do the same
 */
export async function fillBy(msOf: (groups: number) => Promise<number>): Promise<number> {
  let before = await msOf(FEWEST);
  for (let groups = FEWEST; groups < MOST; groups *= 2) {
    const ms = await msOf(2 * groups);
    if (ms > LONGER * before) return groups;
    before = ms;
  }
  return MOST;
}

/**
 * How many workgroups of a product the adapter runs at the same time, from `FEWEST` to `MOST`, a power of two: the time
 * of a product whose result is one tile high grows with its width only when no core is idle any more.
 */
export async function measureFill(backend: StudioBackend, clockMs: () => number): Promise<number> {
  const [tile] = SHARED_TILES;
  const [m, width] = [sideOf(tile, 0).length, sideOf(tile, 1).length];
  const x = tf.fill([m, STEPS], 0.5);
  let products = 1;
  const msOf = async (groups: number) => {
    const n = groups * width;
    const weight = tf.fill([n, STEPS], 0.5);
    const y = tf.zeros([m, n]);
    const product = () => {
      sharedDispatch(
        backend,
        {
          options: {
            ...{ layout: "nt", bias: "none", f16: false },
            ...{ activation: "none", activationSide: "forward" },
          },
          sizes: { m, n, k: STEPS, chunk: n, stride: m * n },
          operands: [x, weight],
          outputs: [y],
          scale: 1,
        },
        { tile, parts: 1, partLength: STEPS },
      );
    };
    const round = async () => {
      const startMs = clockMs();
      for (let i = 0; i < products; i++) product();
      backend.flush();
      await backend.queue.onSubmittedWorkDone();
      return clockMs() - startMs;
    };
    await round(); // compiles, the first time
    if (groups === FEWEST) {
      const ms = await round();
      products = Math.max(1, Math.min(MOST_PRODUCTS, Math.round(LONG_MS / ms)));
    }
    let best = Infinity;
    for (let i = 0; i < ROUNDS; i++) best = Math.min(best, await round());
    tf.dispose([weight, y]);
    return best;
  };
  try {
    return await fillBy(msOf);
  } finally {
    x.dispose();
  }
}

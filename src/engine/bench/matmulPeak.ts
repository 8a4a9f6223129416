import * as tf from "@tensorflow/tfjs-core";
import { linear } from "../nn/linear";
import { summarize } from "./statistics";

/** A large square product on the current backend, or another library's. */
export interface MeasuredProduct {
  readonly name: string;
  /** Prepares operands of this side; `run` resolves when the product is done. */
  readonly open: (side: number) => Promise<{ run: () => Promise<void>; close: () => void }>;
}

export interface MatmulPeak {
  readonly name: string;
  readonly side: number;
  readonly gflops: number;
}

/** Products per measured batch: the wait at its end is shared by all. */
export const PRODUCTS = 4;
const ROUNDS = 5;
const SIDES = [256, 512, 1024, 2048];
/** A larger side is not tried where its product would take longer than this, at the rate of the one before. */
const ENOUGH_MS = 100;

/** tfjs' own matMul on the current backend. */
export const plainProduct = (name: string): MeasuredProduct => ({
  name,
  open: (side) => {
    const a = tf.fill([side, side], 0.5);
    const b = tf.fill([side, side], 0.25);
    const run = async () => {
      const products = Array.from({ length: PRODUCTS }, () => tf.matMul(a, b));
      const corner = tf.slice(products.at(-1) ?? a, [0, 0], [1, 1]);
      await corner.data();
      tf.dispose([...products, corner]);
    };
    return Promise.resolve({ run, close: () => tf.dispose([a, b]) });
  },
});

/** The layers' `linear` on the current backend: where it is fused, this project's own product. */
export const linearProduct = (name: string): MeasuredProduct => ({
  name,
  open: (side) => {
    const x = tf.fill([side, side], 0.5);
    const params = { "l.weight": tf.fill([side, side], 0.25), "l.bias": tf.zeros([side]) };
    const run = async () => {
      const products = Array.from({ length: PRODUCTS }, () =>
        tf.tidy(() => linear(params, "l", x)),
      );
      const corner = tf.slice(products.at(-1) ?? x, [0, 0], [1, 1]);
      await corner.data();
      tf.dispose([...products, corner]);
    };
    return Promise.resolve({ run, close: () => tf.dispose([x, params]) });
  },
});

/** The best rate over growing squares, in 10^9 operations a second (two for a multiply-add). */
export async function measurePeak(
  product: MeasuredProduct,
  clockMs: () => number,
): Promise<MatmulPeak> {
  let best: MatmulPeak = { name: product.name, side: 0, gflops: 0 };
  for (const side of SIDES) {
    const { run, close } = await product.open(side);
    await run();
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const start = clockMs();
      await run();
      times.push((clockMs() - start) / PRODUCTS);
    }
    close();
    const { min } = summarize(times);
    const gflops = (2 * side ** 3) / min / 1e6;
    if (gflops > best.gflops) best = { name: product.name, side, gflops };
    if (min * 2 ** 3 > ENOUGH_MS) break; // each side is twice the one before
  }
  return best;
}

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { Attention, AttentionGrad } from "./attention";
import {
  LayerNormModulate,
  LayerNormModulateGradMod,
  LayerNormModulateGradX,
} from "./layerNormModulate";
import { Linear, LinearGradW, LinearGradX } from "./linear";
import { FUSED_FLAG, run, type Operation } from "./operation";

/** An operation whose kernel does not give what its twin gives on this device. */
export interface Disagreement {
  readonly operation: string;
  /** Largest difference over the largest expected number; NaN when the kernel gave no number. */
  readonly error: number;
}

interface Check {
  readonly name: string;
  /** Runs the operation on the given operands. */
  readonly run: (operands: readonly Tensor[]) => Tensor[];
  readonly shapes: readonly (readonly number[])[];
}

/** Differences in float32 stay far below; a broken kernel is off by its whole value. */
const TOLERANCE = 1e-3;

function check<Inputs extends Readonly<Record<string, Tensor>>, Attrs extends object>(
  operation: Operation<Inputs, Attrs>,
  shapes: { readonly [K in keyof Inputs]: readonly number[] },
  attrs: Attrs,
): Check {
  const names = Object.keys(shapes);
  return {
    name: operation.name,
    shapes: Object.values(shapes),
    run: (operands) => {
      const named = Object.fromEntries(names.map((name, i) => [name, operands[i]]));
      return run(operation, named as unknown as Inputs, attrs);
    },
  };
}

/** Two images of five tokens, 16 wide, two heads: past the end of every tile. */
const CHECKS: readonly Check[] = [
  check(
    Linear,
    { x: [10, 16], weight: [48, 16], bias: [48] },
    { activation: "gelu-tanh", chunks: 1 },
  ),
  check(LinearGradX, { dy: [10, 48], weight: [48, 16], pre: [10, 16] }, { activation: "silu" }),
  check(LinearGradW, { dy: [10, 48], x: [10, 16], weight: [48, 16], bias: [48] }, {}),
  check(LayerNormModulate, { x: [2, 5, 16], shift: [2, 16], scale: [2, 16] }, { eps: 1e-6 }),
  check(
    LayerNormModulateGradX,
    { dy: [2, 5, 16], x: [2, 5, 16], stats: [2, 5, 2], scale: [2, 16] },
    {},
  ),
  check(LayerNormModulateGradMod, { dy: [2, 5, 16], x: [2, 5, 16], stats: [2, 5, 2] }, {}),
  check(Attention, { qkv: [2, 5, 48] }, { numHeads: 2 }),
  check(
    AttentionGrad,
    { qkv: [2, 5, 48], out: [2, 5, 16], logSumExp: [2, 2, 5], dOut: [2, 5, 16] },
    { numHeads: 2 },
  ),
];

/** Numbers of no pattern that a kernel could hit by chance; the same every time. */
const numbers = (size: number, salt: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(12.9898 * (i + 1) + 78.233 * salt));

/** The largest difference between two results, relative to the largest expected number. */
function largestError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [error, largest] = [0, 1e-6];
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] ?? NaN) - (expected[i] ?? NaN));
    if (Number.isNaN(difference)) return NaN;
    error = Math.max(error, difference);
    largest = Math.max(largest, Math.abs(expected[i] ?? 0));
  }
  return error / largest;
}

/**
 * Runs kernels of forward and backward pass on the current device beside their plain twins there. Some GPUs are
 * known to compute zeros, or something else, without an error.
 * @returns the operations that disagree; none on a sound device
 */
export async function disagreements(): Promise<Disagreement[]> {
  const found: Disagreement[] = [];
  for (const { name, shapes, run: compute } of CHECKS) {
    const results = (fused: boolean) => {
      tf.env().set(FUSED_FLAG, fused);
      return tf.tidy(() =>
        compute(
          shapes.map((shape, i) =>
            tf.tensor(numbers(tf.util.sizeFromShape([...shape]), i), [...shape]),
          ),
        ),
      );
    };
    const before = tf.env().getBool(FUSED_FLAG);
    const [plain, fused] = [results(false), results(true)];
    tf.env().set(FUSED_FLAG, before);
    for (const [i, expected] of plain.entries()) {
      const actual = fused[i];
      const error = actual ? largestError(await actual.data(), await expected.data()) : NaN;
      if (!(error <= TOLERANCE)) found.push({ operation: name, error });
    }
    tf.dispose([plain, fused]);
  }
  return found;
}

import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import { largestError } from "../src/engine/check/checkKernels";
import {
  runByName,
  type NamedAttrs,
  type NamedOutputs,
  type NamedTensors,
  type Operation,
} from "../src/engine/kernels/operation";
import { randomNormal } from "../src/common/math/rng";

/** Standard normal numbers of a shape, by name: the same on every backend. */
export interface Operand {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
}

export const normal = (name: string, shape: readonly number[]): Operand => ({
  shape,
  values: randomNormal(
    { seed: 3, stream: name },
    shape.reduce((size, side) => size * side, 1),
  ),
});

type Named<T> = Readonly<Record<string, T>>;

async function results<
  Inputs extends NamedTensors,
  Outputs extends NamedOutputs,
  Attrs extends NamedAttrs,
>(
  backend: string,
  operation: Operation<Inputs, Outputs, Attrs>,
  operands: Named<Operand>,
  attrs: Attrs,
): Promise<{ shape: number[]; values: Float32Array }[]> {
  await tf.setBackend(backend);
  const outputs = tf.tidy(() => {
    const inputs = Object.fromEntries(
      Object.entries(operands).map(([name, { shape, values }]) => [
        name,
        tf.tensor(values, [...shape], values instanceof Int32Array ? "int32" : "float32"),
      ]),
    );
    return runByName(operation, inputs, attrs);
  });
  const read = await Promise.all(
    outputs.map(async (output) => ({
      shape: output.shape,
      values: Float32Array.from(await output.data()),
    })),
  );
  tf.dispose(outputs);
  return read;
}

/** What an operation's twin gives on tfjs' cpu backend and its kernel on the studio's device, output by output. */
export async function twinAndKernel<
  Inputs extends NamedTensors,
  Outputs extends NamedOutputs,
  Attrs extends NamedAttrs,
>(
  operation: Operation<Inputs, Outputs, Attrs>,
  operands: { readonly [K in keyof Inputs]: Operand | undefined },
  attrs: Attrs,
) {
  const given = Object.fromEntries(
    Object.entries(operands).filter((entry): entry is [string, Operand] => entry[1] !== undefined),
  );
  const expected = await results("cpu", operation, given, attrs);
  const actual = await results("webgpu", operation, given, attrs);
  expect(actual.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  return { expected, actual };
}

/**
 * Runs an operation's kernel on the studio's device and its twin on tfjs' cpu backend; the results must agree.
 * @param tolerance absolute, plus the same relative to the largest expected number
 */
export async function expectTwin<
  Inputs extends NamedTensors,
  Outputs extends NamedOutputs,
  Attrs extends NamedAttrs,
>(
  operation: Operation<Inputs, Outputs, Attrs>,
  operands: { readonly [K in keyof Inputs]: Operand | undefined },
  attrs: Attrs,
  tolerance = 2e-6,
): Promise<void> {
  const { expected, actual } = await twinAndKernel(operation, operands, attrs);
  expected.forEach((output, i) => {
    const error = largestError(actual.slice(i, i + 1), [output]);
    expect(error, `${operation.name}, output ${i}`).toBeLessThanOrEqual(tolerance);
  });
}

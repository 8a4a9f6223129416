import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { randomNormal } from "../../common/math/rng";
import { pool3x3 } from "../models/inceptionV3";
import { registerWasmKernels } from "./wasm";
import { guardWasmHeap, wasmHeapBytes } from "./wasmHeap";
import { simplify } from "./wasmTranspose";

beforeAll(async () => {
  vi.stubGlobal("__dirname", process.cwd()); // the backend's loader takes Node for CommonJS
  setWasmPaths(`${join("node_modules", "@tensorflow", "tfjs-backend-wasm", "dist")}/`);
  if (!(await tf.setBackend("wasm"))) throw new Error("tfjs' wasm backend did not start.");
  registerWasmKernels();
});
afterAll(() => {
  vi.unstubAllGlobals();
  return tf.setBackend("cpu");
});

test("an allocation the heap has no room for is refused with its numbers", () => {
  const { wasm } = tf.backend() as unknown as {
    wasm: { _malloc: (bytes: number) => number; isGuarded?: boolean };
  };
  const { _malloc: allocate } = wasm;
  Object.assign(wasm, { _malloc: () => 0, isGuarded: false });
  try {
    guardWasmHeap();
    const guarded = wasm._malloc;
    guardWasmHeap();
    expect(wasm._malloc).toBe(guarded);
    expect(() => tf.ones([500_000])).toThrow(/memory is full: \d+ MB are taken, and 2 MB more/);
  } finally {
    Object.assign(wasm, { _malloc: allocate, isGuarded: false });
  }
  guardWasmHeap();
  tf.ones([500_000]).dispose();
  expect(wasmHeapBytes()).toBeGreaterThan(2_000_000);
});

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
const values = (stream: string, shape: readonly number[]) =>
  randomNormal({ seed: 1, stream }, sizeOf(shape));

type Inputs = readonly (readonly [stream: string, shape: number[]])[];

/** The same computation on tfjs' plain CPU backend and here, and how many tensors it leaves. */
async function onBoth(inputs: Inputs, compute: (tensors: tf.Tensor[]) => tf.Tensor) {
  const run = async (backend: string) => {
    await tf.setBackend(backend);
    const before = tf.memory().numTensors;
    const result = tf.tidy(() => {
      const out = compute(inputs.map(([stream, shape]) => tf.tensor(values(stream, shape), shape)));
      return { shape: out.shape, numbers: [...out.dataSync()] };
    });
    return { ...result, left: tf.memory().numTensors - before };
  };
  return { want: await run("cpu"), got: await run("wasm") };
}

const dimension = fc.integer({ min: 1, max: 40 });

test("pools of stride 1 leave out what is beyond the picture, as Inception-v3's have to", async () => {
  for (const kind of ["average", "max", "halve"] as const) {
    const { want, got } = await onBoth([["picture", [2, 5, 7, 3]]], ([picture]) =>
      pool3x3(picture as tf.Tensor4D, kind),
    );
    expect(got.numbers).toBeAllClose(want.numbers, { rtol: 1e-5, atol: 1e-6 });
    expect(got.shape).toEqual(want.shape);
  }
});

test("matrix products: any batch, transpose and broadcast", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(dimension, dimension, dimension),
      fc.constantFrom<[number[], number[]]>(
        [[], []],
        [[3], [3]],
        [
          [2, 3],
          [2, 3],
        ],
        [[4], [1]],
      ),
      fc.boolean(),
      fc.boolean(),
      async ([m, k, n], [outerA, outerB], transposeA, transposeB) => {
        const a = [...outerA, ...(transposeA ? [k, m] : [m, k])];
        const b = [...outerB, ...(transposeB ? [n, k] : [k, n])];
        const inputs = [["a", a] as const, ["b", b] as const];
        const { want, got } = await onBoth(inputs, ([x, y]) =>
          tf.matMul(x ?? [], y ?? [], transposeA, transposeB),
        );
        expect(got.shape).toEqual(want.shape);
        expect(got.numbers).toBeAllClose(want.numbers, { atol: 2e-5 });
        expect(got.left).toBe(0);
      },
    ),
    { numRuns: 60, seed: 1 },
  );
});

test("transposes of every rank up to 4, and of every permutation", async () => {
  const permutation = fc
    .integer({ min: 1, max: 4 })
    .chain((rank) =>
      fc.tuple(
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: rank, maxLength: rank }),
        fc.shuffledSubarray([0, 1, 2, 3].slice(0, rank), { minLength: rank, maxLength: rank }),
      ),
    );
  await fc.assert(
    fc.asyncProperty(permutation, async ([shape, perm]) => {
      const { want, got } = await onBoth([["x", shape]], ([x]) => tf.transpose(x ?? [], perm));
      expect(got).toEqual(want);
    }),
    { numRuns: 120, seed: 2 },
  );
});

test("a transpose wider than a tile", async () => {
  const { want, got } = await onBoth([["x", [2, 70, 45]]], ([x]) =>
    tf.transpose(x ?? [], [0, 2, 1]),
  );
  expect(got).toEqual(want);
});

test("axes that stay neighbours are joined, those of size 1 left out", () => {
  expect(simplify([2, 1, 3, 4], [0, 2, 1, 3])).toEqual({ shape: [24], perm: [0] });
  expect(simplify([2, 3, 4, 5], [2, 3, 0, 1])).toEqual({ shape: [6, 20], perm: [1, 0] });
  expect(simplify([2, 3, 4, 5], [0, 2, 1, 3])).toEqual({ shape: [2, 3, 4, 5], perm: [0, 2, 1, 3] });
});

test("slices of every axis", async () => {
  const request = fc.array(
    fc.integer({ min: 1, max: 5 }).chain((extent) =>
      fc.integer({ min: 0, max: extent - 1 }).chain((begin) =>
        fc.record({
          extent: fc.constant(extent),
          begin: fc.constant(begin),
          size: fc.integer({ min: 1, max: extent - begin }),
        }),
      ),
    ),
    { minLength: 1, maxLength: 4 },
  );
  await fc.assert(
    fc.asyncProperty(request, async (axes) => {
      const shape = axes.map(({ extent }) => extent);
      const begin = axes.map((axis) => axis.begin);
      const size = axes.map((axis) => axis.size);
      const { want, got } = await onBoth([["x", shape]], ([x]) => tf.slice(x ?? [], begin, size));
      expect(got).toEqual(want);
    }),
    { numRuns: 80, seed: 3 },
  );
});

test("a clone outlives its original", async () => {
  await tf.setBackend("wasm");
  const before = tf.memory();
  const original = tf.tensor1d([1, 2, 3]);
  const clone = tf.clone(original);
  const turned = tf.tidy(() => tf.transpose(tf.reshape(original, [1, 3])));
  original.dispose();
  // fresh allocations would overwrite memory freed too early
  const others = Array.from({ length: 20 }, () => tf.fill([3], 9));
  expect([...clone.dataSync(), ...turned.dataSync()]).toEqual([1, 2, 3, 1, 2, 3]);
  tf.dispose([clone, turned, ...others]);
  expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
});

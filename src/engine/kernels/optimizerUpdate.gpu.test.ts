import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor } from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { normal } from "../../../test/kernelTwin";
import { adamWUpdate, type AdamWOptions } from "../training/adamw";
import { emaUpdate } from "../training/ema";
import { clipCoefficient, globalNorm } from "../training/gradients";
import type { Dispatch } from "./device";
import { optimizerUpdate, partialsLength, type Arena } from "./optimizerUpdate";
import type { ComputeProgram } from "./program";
import { currentStudioBackend, type StudioBackend } from "./studioBackend";

const BLOCK = 64;

/** One parameter: its arena, its length, and at which update of its own it is; 0: it rests. */
interface Segment {
  readonly arena: number;
  readonly length: number;
  readonly update: number;
}

interface Case {
  readonly segments: readonly Segment[];
  readonly options: AdamWOptions;
  readonly maxGradNorm: number;
  readonly emaDecay: number;
  readonly gradientScale: number;
}

const OPTIONS: AdamWOptions = {
  learningRate: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
  weightDecay: 0.1,
};

const CHANGED = ["params", "expAvg", "expAvgSq", "ema"] as const;
type Kind = "gradients" | (typeof CHANGED)[number];

/** Random state of a parameter; second moments are squares, as they always are. */
function stateOf(kind: Kind, segment: number, length: number): Float32Array {
  const values = Float32Array.from(normal(`${kind} ${segment}`, [length]).values);
  return kind === "expAvgSq" ? values.map((value) => value * value) : values;
}

type State = Readonly<Record<(typeof CHANGED)[number], readonly Float32Array[]>>;
interface Updated {
  readonly state: State;
  readonly logged: Float32Array;
}

/** What training/ says, on the cpu backend. */
async function plainUpdate({ segments, options, ...rest }: Case): Promise<Updated> {
  await tf.setBackend("cpu");
  return tf.tidy(() => {
    const mapOf = (kind: Kind, chosen: (segment: Segment) => boolean = () => true) =>
      Object.fromEntries(
        segments.flatMap((segment, i): [string, Tensor][] =>
          chosen(segment) ? [[`${i}`, tf.tensor1d(stateOf(kind, i, segment.length))]] : [],
        ),
      );
    const gradients = Object.fromEntries(
      Object.entries(mapOf("gradients", ({ update }) => update > 0)).map(([name, g]) => [
        name,
        tf.mul(g, rest.gradientScale),
      ]),
    );
    const none = Object.keys(gradients).length === 0;
    const norm: Scalar = none ? tf.scalar(0) : globalNorm(gradients);
    const moments = { expAvg: mapOf("expAvg"), expAvgSq: mapOf("expAvgSq") };
    const updated = adamWUpdate(
      mapOf("params"),
      gradients,
      moments,
      options,
      (name) => segments[Number(name)]?.update ?? NaN,
      clipCoefficient(norm, rest.maxGradNorm),
    );
    const maps = { ...updated, ema: emaUpdate(mapOf("ema"), updated.params, rest.emaDecay) };
    const numbers = (kind: (typeof CHANGED)[number]) =>
      segments.map((_, i) => Float32Array.from(maps[kind][`${i}`]?.dataSync() ?? []));
    return {
      state: {
        params: numbers("params"),
        expAvg: numbers("expAvg"),
        expAvgSq: numbers("expAvgSq"),
        ema: numbers("ema"),
      },
      logged: Float32Array.of(0.75, -0.25, norm.dataSync()[0] ?? NaN),
    };
  });
}

const padded = (length: number) => Math.ceil(length / BLOCK) * BLOCK;

/** The arenas' contents and where each segment lies in its own. */
function layOut(segments: readonly Segment[]) {
  const lengths: number[] = [];
  const starts = segments.map(({ arena, length }) => {
    while (lengths.length <= arena) lengths.push(0);
    const start = lengths[arena] ?? 0;
    lengths[arena] = start + padded(length);
    return start;
  });
  return { lengths, starts };
}

function uploadArenas(segments: readonly Segment[]): Record<keyof Arena, Tensor>[] {
  const { lengths, starts } = layOut(segments);
  return lengths.map((total, arena) => {
    const mine = segments.map((segment, i) => ({ ...segment, i, start: starts[i] ?? 0 }));
    const inside = mine.filter((segment) => segment.arena === arena);
    const flat = (kind: Kind) => {
      const values = new Float32Array(total);
      for (const { i, start, length } of inside) values.set(stateOf(kind, i, length), start);
      return tf.tensor1d(values);
    };
    const blocks = new Int32Array(total / BLOCK);
    for (const { i, start, length } of inside) {
      blocks.fill(i, start / BLOCK, (start + padded(length)) / BLOCK);
    }
    return {
      params: flat("params"),
      gradients: flat("gradients"),
      expAvg: flat("expAvg"),
      expAvgSq: flat("expAvgSq"),
      ema: flat("ema"),
      segmentOfBlock: tf.tensor1d(blocks, "int32"),
    };
  });
}

function segmentRows(segments: readonly Segment[], options: AdamWOptions): number[][] {
  const { learningRate, beta1, beta2, eps, weightDecay } = options;
  return segments.map(({ update }) => {
    if (update === 0) return [NaN, NaN, NaN, 0]; // must not be used
    const root = Math.sqrt(1 - beta2 ** update);
    return [
      (learningRate * root) / (1 - beta1 ** update),
      eps * root,
      1 - learningRate * weightDecay,
      1,
    ];
  });
}

async function fusedUpdate(device: StudioBackend, given: Case): Promise<Updated> {
  const { segments, options, maxGradNorm, emaDecay, gradientScale } = given;
  const { beta1, beta2 } = options;
  await tf.setBackend("webgpu");
  const { lengths, starts } = layOut(segments);
  const arenas = uploadArenas(segments);
  const others = {
    segments: tf.tensor2d(segmentRows(segments, options)),
    hyper: tf.tensor1d([
      1 - beta1,
      beta2,
      1 - beta2,
      1 - emaDecay,
      maxGradNorm,
      gradientScale,
      0,
      0,
    ]),
    partials: tf.fill([partialsLength(lengths)], NaN),
    logged: tf.fill([3], NaN),
  };
  const losses = { velocityLoss: tf.scalar(0.75), projLoss: tf.scalar(-0.25) };
  optimizerUpdate(device, { arenas, ...others, losses });
  const read = async (kind: (typeof CHANGED)[number]) => {
    const flat = await Promise.all(arenas.map((arena) => arena[kind].data<"float32">()));
    return segments.map(({ arena, length }, i) =>
      (flat[arena] ?? new Float32Array()).slice(starts[i], (starts[i] ?? 0) + length),
    );
  };
  const state = {
    params: await read("params"),
    expAvg: await read("expAvg"),
    expAvgSq: await read("expAvgSq"),
    ema: await read("ema"),
  };
  const logged = await others.logged.data<"float32">();
  tf.dispose([others, losses, ...arenas.map((arena) => Object.values(arena))]);
  return { state, logged };
}

function expectSame(actual: Updated, expected: Updated): void {
  expect(actual.logged).toBeAllClose(expected.logged, { atol: 0, rtol: 2e-6 });
  for (const kind of CHANGED) {
    expected.state[kind].forEach((values, i) => {
      expect(actual.state[kind][i]).toBeAllClose(values, { atol: 1e-6, rtol: 1e-6 });
    });
  }
}

let device: StudioBackend;
beforeEach(async () => {
  await tf.setBackend("webgpu");
  const current = currentStudioBackend();
  if (!current) throw new Error("Not on the studio's backend.");
  device = current;
});

const segmentArbitrary = (arena: number) =>
  fc.record({
    arena: fc.constant(arena),
    length: fc.constantFrom(1, 3, 63, 64, 65, 300, 5000),
    update: fc.constantFrom(0, 1, 2, 50, 100_000),
  });

const cases: fc.Arbitrary<Case> = fc.record({
  segments: fc
    .tuple(
      fc.array(segmentArbitrary(0), { minLength: 1, maxLength: 5 }),
      fc.array(segmentArbitrary(1), { maxLength: 3 }),
    )
    .map((arenas) => arenas.flat()),
  options: fc.record({
    learningRate: fc.constantFrom(1e-4, 0.01),
    beta1: fc.constantFrom(0, 0.9),
    beta2: fc.constantFrom(0.95, 0.999),
    eps: fc.constantFrom(1e-8, 1e-3),
    weightDecay: fc.constantFrom(0, 0.1),
  }),
  maxGradNorm: fc.constantFrom(0.5, 1e6),
  emaDecay: fc.constantFrom(0.9, 0.9999),
  gradientScale: fc.constantFrom(1, 0.25, 1 / 3),
});

describe("the update in three dispatches", () => {
  test("is clip, AdamW and EMA of the plain functions, for any state", () =>
    fc.assert(
      fc.asyncProperty(cases, async (given) => {
        expectSame(await fusedUpdate(device, given), await plainUpdate(given));
      }),
      { numRuns: 25 },
    ));

  const ONE: Case = {
    segments: [
      { arena: 0, length: 300_000, update: 3 }, // more than its threads of the sums take at once
      { arena: 0, length: 70, update: 0 },
      { arena: 1, length: 20_001, update: 1 },
    ],
    options: OPTIONS,
    maxGradNorm: 1,
    emaDecay: 0.999,
    gradientScale: 1,
  };

  test("over several workgroups, with clipping and without", async () => {
    for (const maxGradNorm of [1, 1e9]) {
      const given = { ...ONE, maxGradNorm };
      expectSame(await fusedUpdate(device, given), await plainUpdate(given));
    }
  });

  test("leaves a resting parameter as it is, bit by bit, and only its average follows", async () => {
    const { state } = await fusedUpdate(device, ONE);
    expect(state.params[1]).toEqual(stateOf("params", 1, 70));
    expect(state.expAvg[1]).toEqual(stateOf("expAvg", 1, 70));
    expect(state.expAvgSq[1]).toEqual(stateOf("expAvgSq", 1, 70));
    expect(state.ema[1]).not.toEqual(stateOf("ema", 1, 70));
  });

  test("gives the same bits again", async () => {
    expect(await fusedUpdate(device, ONE)).toEqual(await fusedUpdate(device, ONE));
  });

  test("takes three dispatches of at most 8 buffers for one arena, and leaves nothing behind", async () => {
    const given = { ...ONE, segments: ONE.segments.filter(({ arena }) => arena === 0) };
    const before = tf.memory().numTensors;
    const buffers: number[] = [];
    const counting = new Proxy(device, {
      get: (target, key) => {
        if (key !== "dispatch") return Reflect.get(target, key, target) as unknown;
        return (program: ComputeProgram, operands: Dispatch) => {
          buffers.push(operands.outputs.length + operands.inputs.length);
          target.dispatch(program, operands);
        };
      },
    });
    await fusedUpdate(counting, given);
    expect(buffers).toHaveLength(3);
    expect(Math.max(...buffers)).toBeLessThanOrEqual(8);
    expect(tf.memory().numTensors).toBe(before);
  });
});

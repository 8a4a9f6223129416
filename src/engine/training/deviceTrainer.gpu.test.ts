import * as tf from "@tensorflow/tfjs-core";
import { afterEach, expect, test } from "vitest";
import {
  disposeBatch,
  TINY_OPTIONS,
  tinyBatch,
  tinyProjector,
  tinyValues,
} from "../../../test/tinyRun";
import { FUSED_FLAG } from "../kernels/operation";
import { currentStudioBackend, type StudioBackend } from "../kernels/studioBackend";
import { createDeviceTrainer } from "./deviceTrainer";
import type { RunKind } from "./replay";
import { createPlainTrainer, type Trainer } from "./trainer";
import { createTrainState } from "./trainState";
import type { StepOptions, TrainBatch } from "./trainStep";

function backend(): StudioBackend {
  const current = currentStudioBackend();
  if (!current) throw new Error("Not on the studio's backend.");
  current.tuning = { kind: "register", tile: [4, 4] }; // compiles quickly
  return current;
}

afterEach(async () => {
  tf.env().set(FUSED_FLAG, true);
  await tf.setBackend("webgpu");
});

async function losses(trainer: Trainer, batch: TrainBatch, count: number, options = TINY_OPTIONS) {
  const all: number[][] = [];
  for (let i = 0; i < count; i++) {
    const logged = trainer.step(batch, options);
    all.push([...(await logged.data())]);
    logged.dispose();
  }
  return all;
}

/** All numbers of the state, one after the other. */
async function numbersOf(trainer: Trainer): Promise<number[]> {
  const { params, ema, expAvg, expAvgSq } = trainer.state();
  const maps = [params, ema, expAvg, expAvgSq].flatMap((map) => Object.values(map));
  const read = await Promise.all(maps.map((tensor) => tensor.data()));
  return read.flatMap((values) => [...values]);
}

/**
 * Runs the plain trainer operation by operation on tfjs' own kernels, those of the cpu: a software adapter compiles those of
 * WebGPU for ten seconds. Plain steps on WebGPU are compared with fused ones by the page's bench (e2e/bench.spec.ts).
 */
async function plain(count: number, options: StepOptions) {
  tf.env().set(FUSED_FLAG, false);
  await tf.setBackend("cpu");
  const batch = tinyBatch();
  const trainer = createPlainTrainer(createTrainState(tinyValues()));
  const found = {
    losses: await losses(trainer, batch, count, options),
    state: await numbersOf(trainer),
  };
  trainer.dispose();
  disposeBatch(batch);
  await tf.setBackend("webgpu");
  tf.env().set(FUSED_FLAG, true);
  return found;
}

test("fused steps give the plain steps' losses and states", async () => {
  const expected = await plain(6, TINY_OPTIONS);
  const batch = tinyBatch();
  const trainer = createDeviceTrainer(backend(), createTrainState(tinyValues()));
  expect((await losses(trainer, batch, 6)).flat()).toBeAllClose(expected.losses.flat(), {
    rtol: 1e-5,
    atol: 1e-6,
  });
  // Adam turns a gradient near zero into a step of up to the learning rate, 0.01
  expect(await numbersOf(trainer)).toBeAllClose(expected.state, { atol: 3e-4 });
  trainer.dispose();
  disposeBatch(batch);
});

test("steps are traced, recorded, then replayed, and the bits are those of steps encoded anew", async () => {
  const batch = tinyBatch();
  const run = async (replays: boolean) => {
    const trainer = createDeviceTrainer(backend(), createTrainState(tinyValues()), { replays });
    const kinds: RunKind[] = [];
    const numbers: number[][] = [];
    for (let i = 0; i < 12; i++) {
      const options = {
        ...TINY_OPTIONS,
        alignment: { ...TINY_OPTIONS.alignment, projCoeff: i / 10 },
      };
      const logged = trainer.step(batch, options); // λ moves and nothing is recorded again
      kinds.push(trainer.lastRun());
      numbers.push([...(await logged.data())]);
      logged.dispose();
    }
    const state = await numbersOf(trainer);
    trainer.dispose();
    return { kinds, numbers, state };
  };
  const replayed = await run(true);
  const encoded = await run(false);
  expect(replayed.kinds).toEqual(["traced", "recorded", ...Array<RunKind>(10).fill("replayed")]);
  expect(new Set(encoded.kinds)).toEqual(new Set(["encoded"]));
  expect(replayed.numbers).toEqual(encoded.numbers);
  expect(replayed.state).toEqual(encoded.state);
  disposeBatch(batch);
});

test("another depth records again; a projector that joins starts with zero moments", async () => {
  const batch = tinyBatch();
  const two = tinyBatch(2);
  const trainer = createDeviceTrainer(backend(), createTrainState(tinyValues()));
  await losses(trainer, batch, 3);
  expect(trainer.lastRun()).toBe("replayed");
  const deeper = { ...TINY_OPTIONS, alignment: { ...TINY_OPTIONS.alignment, encoderDepth: 2 } };
  await losses(trainer, batch, 1, deeper);
  expect(trainer.lastRun()).toBe("traced");
  trainer.extend(tinyProjector(1));
  const both = { ...deeper, alignment: { ...deeper.alignment, projectors: [0, 1] } };
  const found = await losses(trainer, two, 3, both);
  expect(found.flat().every(Number.isFinite)).toBe(true);
  expect(trainer.state().projectorSteps).toEqual({ "projectors.0": 7, "projectors.1": 3 });
  trainer.dispose();
  disposeBatch(batch);
  disposeBatch(two);
});

test("micro-batches give the whole batch's step", async () => {
  const expected = await plain(4, TINY_OPTIONS);
  const batch = tinyBatch();
  const trainer = createDeviceTrainer(backend(), createTrainState(tinyValues()));
  const found = await losses(trainer, batch, 4, { ...TINY_OPTIONS, microBatch: 1 });
  expect(found.flat()).toBeAllClose(expected.losses.flat(), { rtol: 1e-5, atol: 1e-6 });
  trainer.dispose();
  disposeBatch(batch);
});

test("nothing is left when a trainer goes", async () => {
  const batch = tinyBatch();
  const held = () => tf.memory().numTensors;
  const round = async () => {
    const trainer = createDeviceTrainer(backend(), createTrainState(tinyValues()));
    await losses(trainer, batch, 4);
    trainer.dispose();
  };
  await round();
  const before = held();
  const bytes = (tf.memory() as unknown as { numBytesInGPU: number }).numBytesInGPU;
  await round();
  expect(held()).toBe(before);
  expect((tf.memory() as unknown as { numBytesInGPU: number }).numBytesInGPU).toBe(bytes);
  disposeBatch(batch);
});

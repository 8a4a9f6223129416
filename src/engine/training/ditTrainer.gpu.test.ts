import * as tf from "@tensorflow/tfjs-core";
import { afterEach, expect, test } from "vitest";
import { smallTiles, stateNumbers } from "../../../test/deviceRun";
import {
  disposeBatch,
  TINY_OPTIONS,
  TINY_SHAPE,
  tinyBatch,
  tinyValues,
} from "../../../test/tinyRun";
import { randomUint32 } from "../../common/math/rng";
import { FUSED_FLAG } from "../kernels/operation";
import type { StudioBackend } from "../kernels/studioBackend";
import { createDeviceTrainer } from "./deviceTrainer";
import { withMixedPrecision } from "./mixedPrecision";
import { createPlainTrainer, type Trainer } from "./trainer";
import { createTrainState } from "./trainState";
import type { StepOptions, TrainBatch } from "./trainStep";

const SHAPE = { ...TINY_SHAPE, family: "dit" } as const;
const OPTIONS: StepOptions = { ...TINY_OPTIONS, shape: SHAPE };
const STEPS = 8;

afterEach(async () => {
  tf.env().set(FUSED_FLAG, true);
  await tf.setBackend("webgpu");
});

/** The batch of a step; the first step's has the schedule's ends among its steps. */
function batchAt(step: number): TrainBatch {
  const drawn = randomUint32({ seed: 7, stream: "steps", index: step }, 3);
  const t =
    step === 0 ? Float32Array.of(0, 1, 999) : Float32Array.from(drawn, (word) => word % 1000);
  return { ...tinyBatch(1, SHAPE, 100 + step), t };
}

/** Losses of `STEPS` steps on batches of their own, and the state after them. */
async function trained(trainer: Trainer, options: StepOptions = OPTIONS) {
  const losses: number[][] = [];
  for (let step = 0; step < STEPS; step++) {
    const batch = batchAt(step);
    const logged = trainer.step(batch, options);
    losses.push([...(await logged.data())]);
    logged.dispose();
    disposeBatch(batch);
  }
  const state = await stateNumbers(trainer);
  trainer.dispose();
  return { losses, state };
}

const start = () => createTrainState(tinyValues(SHAPE));
const device = (backend: StudioBackend, replays?: boolean) =>
  createDeviceTrainer(backend, start(), replays === undefined ? {} : { replays });

test("replayed steps of a DiT have the bits of steps that are encoded anew, and of another run", async () => {
  const backend = smallTiles();
  const replayed = device(backend);
  const found = await trained(replayed);
  expect(found.losses.flat().every(Number.isFinite)).toBe(true);
  expect(await trained(device(backend, false))).toEqual(found);
  expect(await trained(device(backend))).toEqual(found);
  const other = { ...OPTIONS, alignment: { ...OPTIONS.alignment, projCoeff: 0 } };
  expect((await trained(device(backend), other)).state).not.toEqual(found.state);
});

test("a DiT's steps are replayed from the third on", () => {
  const trainer = device(smallTiles());
  for (let step = 0; step < 3; step++) {
    const batch = batchAt(step);
    trainer.step(batch, OPTIONS).dispose();
    disposeBatch(batch);
  }
  expect(trainer.lastRun()).toBe("replayed");
  trainer.dispose();
});

test("fused steps of a DiT give the plain steps' losses", async () => {
  const fused = await trained(device(smallTiles()));
  tf.env().set(FUSED_FLAG, false);
  await tf.setBackend("cpu"); // compiles nothing
  const plain = await trained(createPlainTrainer(start()));
  expect(fused.losses.flat()).toBeAllClose(plain.losses.flat(), { rtol: 1e-4, atol: 1e-5 });
});

test("micro-batches and recomputed blocks change the bits of no more than a sum's order", async () => {
  const backend = smallTiles();
  const whole = await trained(device(backend));
  const parts = { ...OPTIONS, microBatch: 1, recompute: true };
  const split = await trained(device(backend), parts);
  expect(split.losses.flat()).toBeAllClose(whole.losses.flat(), { rtol: 1e-4, atol: 1e-5 });
});

test("in mixed precision a DiT's losses move by what float16 rounds", async ({ skip }) => {
  const backend = smallTiles();
  skip(!backend.features.has("shader-f16"), "This adapter has no shader-f16.");
  const exact = await trained(device(backend));
  const mixed = await trained(withMixedPrecision(backend, device(backend)));
  expect(mixed.losses).not.toEqual(exact.losses);
  const [first = []] = mixed.losses;
  expect(first).toBeAllClose(exact.losses[0] ?? [], { rtol: 2e-3, atol: 1e-3 }); // a cosine of six features rounds to 5e-4
  expect(mixed.losses.flat()).toBeAllClose(exact.losses.flat(), { rtol: 2e-2, atol: 1e-3 });
});

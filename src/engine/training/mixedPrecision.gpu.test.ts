import { beforeEach, expect, test } from "vitest";
import { stepErrors, stepNumbers, withPrecision } from "../bench/precision";
import { toTrainBatch } from "../bench/trainerVariant";
import { TINY_WORKLOAD, workloadBatch, workloadOptions, workloadValues } from "../bench/workloads";
import type { MatMulTuning } from "../kernels/device";
import { currentStudioBackend, type StudioBackend } from "../kernels/studioBackend";
import { createDeviceTrainer } from "./deviceTrainer";
import { withMixedPrecision } from "./mixedPrecision";
import { disposeBatch } from "./trainBatch";
import { ALL_TILES } from "../kernels/sharedTuning";
import { createTrainState } from "./trainState";

function backend(): StudioBackend {
  const current = currentStudioBackend();
  if (!current) throw new Error("Not on the studio's backend.");
  return current;
}

const TUNINGS: readonly MatMulTuning[] = [{ kind: "register", tile: [4, 4] }, ALL_TILES];

beforeEach(({ skip }) => {
  backend().tuning = { kind: "register", tile: [4, 4] };
  skip(!backend().features.has("shader-f16"), "This adapter has no shader-f16.");
});

for (const tuning of TUNINGS) {
  test(`float16 products (${tuning.kind}) move output and gradients by what half precision rounds`, async () => {
    const gpu = backend();
    gpu.tuning = tuning;
    const exact = await withPrecision(gpu, false, () => stepNumbers(TINY_WORKLOAD));
    const mixed = await withPrecision(gpu, true, () => stepNumbers(TINY_WORKLOAD));
    const errors = stepErrors(mixed, exact);
    // a compiler that folds f32(f16(x)) away would leave nothing of the error
    expect(errors.velocity).toBeGreaterThan(1e-5);
    expect(errors.medianGradient).toBeGreaterThan(1e-5);
    expect(errors.losses).toBeLessThan(1e-3);
    expect(errors.velocity).toBeLessThan(2e-3);
    expect(errors.medianGradient).toBeLessThan(2e-3);
    expect(errors.maxGradient).toBeLessThan(1e-2);
  });
}

test("a mixed trainer's steps are recorded and replayed in float16, and leave the backend in float32", async () => {
  const gpu = backend();
  const options = workloadOptions(TINY_WORKLOAD);
  const batch = toTrainBatch(TINY_WORKLOAD, workloadBatch(TINY_WORKLOAD, 0));
  const run = async (mixed: boolean) => {
    const inner = createDeviceTrainer(gpu, createTrainState(workloadValues(TINY_WORKLOAD)));
    const trainer = mixed ? withMixedPrecision(gpu, inner) : inner;
    await trainer.prepare(batch, options, () => undefined);
    const velocity: number[] = [];
    for (let i = 0; i < 4; i++) {
      const logged = trainer.step(batch, options);
      expect(gpu.mixedPrecision).toBe(false);
      velocity.push((await logged.data())[0] ?? NaN);
      logged.dispose();
    }
    expect(inner.lastRun()).toBe("replayed");
    trainer.dispose();
    return velocity;
  };
  const exact = await run(false);
  gpu.float16 = false; // as after a self-check that found it wrong
  expect(await run(true)).toEqual(exact);
  gpu.float16 = true;
  const mixed = await run(true);
  expect(mixed).not.toEqual(exact);
  expect(mixed).toBeAllClose(exact, { atol: 0, rtol: 1e-3 });
  disposeBatch(batch);
});

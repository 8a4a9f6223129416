import * as tf from "@tensorflow/tfjs-core";
import { createTrainState, disposeState } from "../../src/engine/training/trainState";
import { trainStep } from "../../src/engine/training/trainStep";
import { compareArrays, once } from "./arrays";
import type { DitFixture } from "./ditFixture";
import { ditBatch, ditLossOptions } from "./ditLosses";
import { compareChecks, compareUpdates, isNoise, type Family } from "./sitFamilies";
import { readFloats, toleranceOf } from "./sitFixture";
import { readFamilies, startValues, differences } from "./sitTraining";
import type { ParityCase } from "./types";

/** Nothing is clipped, and there is no EMA to compare. */
const NO_CLIPPING = 1e6;

/** One update: the gradient's norm, and each map of the state. */
async function oneUpdate(fixture: DitFixture) {
  const { hyper } = fixture.manifest;
  if (!hyper) throw new Error("the manifest has no optimiser");
  const { lr, betas, eps, weight_decay: weightDecay } = hyper.optimiser;
  const batch = ditBatch(fixture);
  const { state, logged } = trainStep(createTrainState(startValues(fixture)), batch, {
    ...ditLossOptions(fixture),
    adamW: { learningRate: lr, beta1: betas[0], beta2: betas[1], eps, weightDecay },
    maxGradNorm: NO_CLIPPING,
    emaDecay: 0,
  });
  const [, , norm = NaN] = await readFloats(logged);
  const families = await readFamilies(state);
  disposeState(state);
  tf.dispose([logged, batch.latents, batch.noise, ...batch.features]);
  return { norm, families };
}

const NOTHING: Family = new Map<string, never>();

/** The update of a run with REPA: none where a manifest has no optimiser. */
export function ditTrainingCases(fixture: DitFixture): ParityCase[] {
  if (!fixture.manifest.hyper) return [];
  const update = once(async () => oneUpdate(fixture));
  const family = async (kind: string) => (await update()).families.get(kind) ?? NOTHING;
  const isBias = (name: string) => isNoise(fixture, name, fixture.shape.width);
  const loosen = fixture.precision === "gpu" ? 10 : 1;
  return [
    {
      name: "step.grad_norm",
      covers: ["step.grad_norm"],
      run: async () => {
        const tolerance = toleranceOf(fixture, "step.grad_norm");
        const want = fixture.numbers("step.grad_norm");
        return compareArrays("step.grad_norm", [(await update()).norm], want, tolerance);
      },
    },
    {
      name: "step1.param.* elements",
      run: async () =>
        compareUpdates(fixture, "step1.param.", await family("param"), {
          most: 2e-5 * loosen,
          all: 2e-3, // 2 lr, for elements whose gradient is rounding noise
          share: 0.995,
        }),
    },
    {
      name: "step1.param.* checks",
      run: async () =>
        compareChecks(
          fixture,
          "step1.param.",
          differences(fixture, await family("param")),
          (_, count) => 2e-5 * loosen * Math.sqrt(count),
          isBias,
        ),
    },
    ...["exp_avg", "exp_avg_sq"].map((kind): ParityCase => ({
      name: `step1.${kind}.* checks`,
      run: async () =>
        compareChecks(fixture, `step1.${kind}.`, await family(kind), (l2) => 1e-4 * loosen * l2),
    })),
  ];
}

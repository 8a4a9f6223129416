import * as tf from "@tensorflow/tfjs-core";
import type { PathKind } from "../../src/common/math/interpolant";
import type { InitialValues } from "../../src/engine/models/transformerInit";
import {
  createTrainState,
  disposeState,
  type TrainState,
} from "../../src/engine/training/trainState";
import {
  repaLoss,
  trainStep,
  type LossOptions,
  type StepOptions,
  type TrainBatch,
} from "../../src/engine/training/trainStep";
import { compareArrays, maxAbs, once } from "./arrays";
import { compareChecks, compareUpdates, isNoise, type Family } from "./sitFamilies";
import {
  featuresOf,
  float32,
  latentsOf,
  readFloats,
  toleranceOf,
  type Fixture,
  type SitFixture,
} from "./sitFixture";
import type { ParityCase } from "./types";

/** The fixture's one batch; the caller disposes its tensors. */
export const trainBatch = (fixture: SitFixture): TrainBatch => ({
  latents: latentsOf(fixture, "x"),
  noise: latentsOf(fixture, "noise"),
  t: float32(fixture.numbers("t")),
  labels: Int32Array.from(fixture.numbers("y")),
  features: featuresOf(fixture),
});

export const lossOptions = (fixture: SitFixture, path: PathKind): LossOptions => ({
  shape: fixture.shape,
  path,
  alignment: {
    projCoeff: fixture.manifest.hyper.proj_coeff,
    encoderDepth: fixture.manifest.config.encoder_depth,
    objective: "cosine",
    temperature: fixture.manifest.hyper.tau,
    projectors: fixture.manifest.config.z_dims.map((_, i) => i),
  },
});

function stepOptions(fixture: SitFixture, weightDecay: number): StepOptions {
  const { hyper } = fixture.manifest;
  const [beta1, beta2] = hyper.betas;
  return {
    ...lossOptions(fixture, "linear"), // the manifest's adamw formula names the path
    adamW: { learningRate: hyper.lr, beta1, beta2, eps: hyper.adam_eps, weightDecay },
    maxGradNorm: hyper.max_grad_norm,
    emaDecay: hyper.ema_decay,
  };
}

export const startValues = (fixture: Fixture): InitialValues =>
  Object.fromEntries(
    fixture.names
      .filter((name) => name.startsWith("param."))
      .map((name) => [
        name.slice("param.".length),
        { shape: fixture.shapeOf(name), values: float32(fixture.numbers(name)) },
      ]),
  );

/** What a run of updates leaves: logged series, and each map of the state as whole tensors. */
interface RunResult {
  readonly series: ReadonlyMap<string, number[]>;
  readonly families: ReadonlyMap<string, Family>;
}

export async function readFamilies(state: TrainState): Promise<ReadonlyMap<string, Family>> {
  const maps = {
    param: state.params,
    ema: state.ema,
    exp_avg: state.expAvg,
    exp_avg_sq: state.expAvgSq,
  };
  const families = new Map<string, Family>();
  for (const [family, tensors] of Object.entries(maps)) {
    const values = new Map<string, Float32Array>();
    for (const [name, tensor] of Object.entries(tensors))
      values.set(name, await readFloats(tensor));
    families.set(family, values);
  }
  return families;
}

async function trainRun(fixture: SitFixture, weightDecay: number): Promise<RunResult> {
  const options = stepOptions(fixture, weightDecay);
  const { projCoeff } = options.alignment;
  const batch = trainBatch(fixture);
  const series = new Map<string, number[]>(
    ["loss_denoise", "loss_proj", "loss_total", "grad_norm"].map((name) => [name, []]),
  );
  let state = createTrainState(startValues(fixture));
  for (let i = 0; i < fixture.manifest.hyper.opt_steps; i++) {
    const result = trainStep(state, batch, options);
    state = result.state;
    const [velocity = NaN, proj = NaN, norm = NaN] = await readFloats(result.logged);
    result.logged.dispose();
    series.get("loss_denoise")?.push(velocity);
    series.get("loss_proj")?.push(proj);
    series.get("loss_total")?.push(velocity + projCoeff * proj);
    series.get("grad_norm")?.push(norm);
  }
  const after = tf.tidy(() => repaLoss(state.params, batch, options).total);
  series.set("loss_total_after", [...(await readFloats(after))]);
  const families = await readFamilies(state);
  after.dispose();
  disposeState(state);
  tf.dispose([batch.latents, batch.noise, ...batch.features]);
  return { series, families };
}

/** Values minus the starting parameters: what the checks of optimiser results are reductions of. */
export const differences = (fixture: Fixture, family: Family): Family =>
  new Map(
    [...family].map(([name, values]) => {
      const start = fixture.numbers(`param.${name}`);
      return [name, values.map((value, i) => value - (start[i] ?? NaN))];
    }),
  );

const LOOSE = 10;

/** Families of one run, `step3wd.param.` for example: the run's suffix and the family's last word. */
function familyCases(
  fixture: SitFixture,
  suffix: string,
  result: () => Promise<RunResult>,
): ParityCase[] {
  const loosen = fixture.precision === "gpu" ? LOOSE : 1;
  const known = [...fixture.names, ...Object.keys(fixture.manifest.checks)];
  const pattern = /^step\d+(.*?)\.(param|ema|exp_avg|exp_avg_sq)\./;
  const prefixes = new Set(
    known.flatMap((name) => {
      const found = pattern.exec(name);
      return found?.[1] === suffix ? [found[0]] : [];
    }),
  );
  const hasNoise = (name: string) => isNoise(fixture, name, fixture.shape.width);
  return [...prefixes].flatMap((prefix): ParityCase[] => {
    const kind = pattern.exec(prefix)?.[2] ?? "";
    const family = async () => (await result()).families.get(kind) ?? new Map<string, never>();
    const stored = fixture.names.some((name) => name.startsWith(prefix));
    const isValue = kind.startsWith("exp_avg");
    const elements: ParityCase = {
      name: `${prefix}* elements`,
      run: async () => {
        const limits = { most: 2e-5 * loosen, all: 2e-4 * loosen };
        return compareUpdates(fixture, prefix, await family(), limits);
      },
    };
    const checks: ParityCase = {
      name: `${prefix}* checks`,
      run: async () =>
        isValue
          ? compareChecks(fixture, prefix, await family(), (l2) => 1e-4 * loosen * l2)
          : compareChecks(
              fixture,
              prefix,
              differences(fixture, await family()),
              // each element may be 2e-5 off
              (_, count) => 2e-5 * loosen * Math.sqrt(count),
              hasNoise,
            ),
    };
    return [...(stored ? [elements] : []), ...(fixture.manifest.checks[prefix] ? [checks] : [])];
  });
}

/** Runs of the optimiser (`step.`, `stepwd.`, ...): logged numbers, parameters, EMA and moments. */
export function trainingCases(fixture: SitFixture): ParityCase[] {
  const { weight_decay_runs: runs } = fixture.manifest.hyper;
  const relative = fixture.precision === "gpu" ? 1e-4 : 2e-5;
  return Object.entries(runs).flatMap(([prefix, weightDecay]): ParityCase[] => {
    const result = once(async () => trainRun(fixture, weightDecay));
    const suffix = prefix.replace(/^step/, "").replace(/\.$/, "");
    const listed = Object.keys(fixture.manifest.tensors).filter((name) => name.startsWith(prefix));
    const series = listed.map((name): ParityCase => ({
      name,
      covers: [name],
      run: async () => {
        const got = (await result()).series.get(name.slice(prefix.length));
        if (!got) throw new Error(`this project logs nothing called "${name}"`);
        const want = fixture.numbers(name);
        const tolerance = Math.max(toleranceOf(fixture, name), relative * maxAbs(want));
        return compareArrays(name, got, want, tolerance);
      },
    }));
    return [...series, ...familyCases(fixture, suffix, result)];
  });
}

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { guidedVelocity, type Network } from "../../src/engine/diffusion/guidance";
import {
  odeTimes,
  sampleEuler,
  sampleEulerMaruyama,
  sampleHeun,
  sdeTimes,
  type OnSamplerStep,
} from "../../src/engine/diffusion/samplers";
import { sitForward } from "../../src/engine/models/sit";
import { compareArrays, once, toNhwc } from "./arrays";
import { asPath } from "./sitLosses";
import { labelsOf, latentsOf, paramsOf, readNchw, type SitFixture } from "./sitFixture";
import type { ParityCase, ParityResult } from "./types";

/** Names of the manifest: `sample.SOLVER.CASE` and `.traj`; solvers are euler, heun and sde_PATH. */
interface SampleName {
  readonly solver: string;
  readonly caseName: string;
  readonly isTrajectory: boolean;
}

interface SampleRun {
  /** States at every time of the grid, flattened, in the reference's layout. */
  readonly states: readonly Float32Array[];
  /** 1 for each network evaluation that was guided, 0 for the others. */
  readonly guided: readonly number[];
}

function parseName(name: string): SampleName | undefined {
  const found = /^sample\.(euler|heun|sde_[^.]+)\.(.+?)(\.traj)?$/.exec(name);
  const [, solver, caseName, trajectory] = found ?? [];
  if (solver === undefined || caseName === undefined) return undefined;
  return { solver, caseName, isTrajectory: trajectory !== undefined };
}

/** Noise i of the stored [steps - 1, N, C, H, W]. */
function storedNoise(fixture: SitFixture, index: number): Tensor4D {
  const [, n = 0, c = 0, h = 0, w = 0] = fixture.shapeOf("sample.noise");
  const size = n * c * h * w;
  const values = fixture.numbers("sample.noise").slice(index * size, (index + 1) * size);
  return tf.tensor4d(toNhwc(values, [n, c, h, w]), [n, h, w, c]);
}

function caseOptions(fixture: SitFixture, caseName: string) {
  const options = fixture.manifest.sampler_cases[caseName];
  if (!options) throw new Error(`the manifest has no sampler case "${caseName}"`);
  return options;
}

async function runSampler(
  fixture: SitFixture,
  solver: string,
  caseName: string,
): Promise<SampleRun> {
  const {
    cfg_scale: scale,
    guidance_low: low,
    guidance_high: high,
  } = caseOptions(fixture, caseName);
  const params = paramsOf(fixture);
  const latents = latentsOf(fixture, "sample.latents");
  const labels = labelsOf(fixture, "sample.y");
  const count = latents.shape[0];
  const guided: number[] = [];
  const network: Network = (x, t, y) => {
    guided.push(x.shape[0] === 2 * count ? 1 : 0);
    return sitForward(params, fixture.shape, x, t, y).velocity;
  };
  const nullLabel = fixture.shape.numClasses;
  const velocity = guidedVelocity(network, {
    labels: Int32Array.from(await labels.data()),
    nullLabel,
    scale,
    low,
    high,
  });
  const states = [await readNchw(latents)];
  const onStep: OnSamplerStep = async (_, x) => {
    states.push(await readNchw(x));
  };
  const steps = fixture.manifest.hyper.num_steps;
  const run = () => {
    if (solver === "euler") return sampleEuler(velocity, latents, { steps }, onStep);
    if (solver === "heun") return sampleHeun(velocity, latents, { steps }, onStep);
    const path = asPath(solver.slice("sde_".length));
    const noise = (index: number) => storedNoise(fixture, index);
    return sampleEulerMaruyama(velocity, latents, { steps, path, noise }, onStep);
  };
  const result = await run();
  tf.dispose([result, latents, labels, ...Object.values(params)]);
  return { states, guided };
}

const joined = (states: readonly Float32Array[]): Float32Array =>
  Float32Array.from(states.flatMap((state) => [...state]));

const ABSOLUTE = { tight: 5e-5, gpu: 5e-4 };

/** Time grids, final states, trajectories, and which evaluations were guided. */
export function samplingCases(fixture: SitFixture): ParityCase[] {
  const { manifest } = fixture;
  const steps = manifest.hyper.num_steps;
  const runs = new Map<string, () => Promise<SampleRun>>();
  const runOf = (solver: string, caseName: string) => {
    const key = `${solver}.${caseName}`;
    const known = runs.get(key) ?? once(async () => runSampler(fixture, solver, caseName));
    runs.set(key, known);
    return known;
  };
  const grids = { "sample.t_ode": odeTimes, "sample.t_sde": sdeTimes };
  const gridCases = Object.entries(grids)
    .filter(([name]) => name in manifest.tensors)
    .map(([name, times]): ParityCase => ({
      name,
      covers: [name],
      run: () => compareArrays(name, times(steps), fixture.numbers(name), 1e-15),
    }));
  const stateCases = Object.keys(manifest.tensors).flatMap((name): ParityCase[] => {
    const parsed = parseName(name);
    if (!parsed) return [];
    const { solver, caseName, isTrajectory } = parsed;
    const compareStates = async (): Promise<ParityResult> => {
      const { states } = await runOf(solver, caseName)();
      const got = isTrajectory ? joined(states) : (states.at(-1) ?? []);
      return compareArrays(name, got, fixture.numbers(name), ABSOLUTE[fixture.precision]);
    };
    return [{ name, covers: [name], run: compareStates }];
  });
  const guidedCases = Object.entries(manifest.sampler_guided_evaluations).map(
    ([key, want]): ParityCase => {
      const dot = key.indexOf(".");
      const [solver, caseName] = [key.slice(0, dot), key.slice(dot + 1)];
      return {
        name: `guided evaluations of ${key}`,
        run: async () => compareArrays(key, (await runOf(solver, caseName)()).guided, want, 0),
      };
    },
  );
  return [...gridCases, ...stateCases, ...guidedCases];
}

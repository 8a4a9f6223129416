import * as tf from "@tensorflow/tfjs-core";
import type { Rank, Tensor4D } from "@tensorflow/tfjs-core";
import { sampleAncestral } from "../../src/engine/diffusion/ddpmSamplers";
import type { Network } from "../../src/engine/diffusion/guidance";
import { guidedNoise } from "../../src/engine/diffusion/noiseGuidance";
import type { OnSamplerStep } from "../../src/engine/diffusion/samplers";
import { transformerForward } from "../../src/engine/models/transformer";
import { compareArrays, once, toNhwc } from "./arrays";
import type { DitFixture } from "./ditFixture";
import { samplerSchedule } from "./ditSchedule";
import { labelsOf, latentsOf, paramsOf, readNchw, toleranceOf } from "./sitFixture";
import type { ParityCase } from "./types";

/** The step `cfg.out` was computed at. */
const GUIDED_STEP = 500;

/** Noise i for the first n samples, of the stored [steps, 2n, C, H, W]. */
function storedNoise(fixture: DitFixture, index: number): Tensor4D {
  const [, doubled = 0, c = 0, h = 0, w = 0] = fixture.shapeOf("sample.noise");
  const n = doubled / 2;
  const first = index * doubled * c * h * w;
  const values = fixture.numbers("sample.noise").slice(first, first + n * c * h * w);
  return tf.tensor4d(toNhwc(values, [n, c, h, w]), [n, h, w, c]);
}

/** The network of a fixture, with the guidance of the released DiT where `cfg` says so. */
async function predictor(fixture: DitFixture, params: ReturnType<typeof paramsOf>, cfg: boolean) {
  const network: Network = (x, t, y) => transformerForward(params, fixture.shape, x, t, y).output;
  const labels = labelsOf(fixture, "sample.y");
  const options = {
    labels: Int32Array.from(await labels.data()),
    nullLabel: fixture.shape.numClasses,
    scale: cfg ? fixture.manifest.config.sample_cfg_scale : 1,
    low: 0,
    high: 1,
    channels: "first-three",
    path: "linear",
  } as const;
  labels.dispose();
  return { network, predict: guidedNoise(network, options) };
}

/** States after every step, in the reference's layout. */
async function sampleStates(fixture: DitFixture, caseName: string): Promise<Float32Array[]> {
  const options = fixture.manifest.sampler_cases[caseName];
  if (!options) throw new Error(`the manifest has no sampler case "${caseName}"`);
  const params = paramsOf(fixture);
  const { predict } = await predictor(fixture, params, options.cfg);
  const latents = latentsOf(fixture, "sample.z");
  const states: Float32Array[] = [];
  const onStep: OnSamplerStep = async (_, x) => {
    states.push(await readNchw(x));
  };
  const result = await sampleAncestral(
    predict,
    latents,
    {
      schedule: samplerSchedule(fixture),
      clip: options.clip_denoised,
      noise: (index) => storedNoise(fixture, index),
    },
    onStep,
  );
  tf.dispose([result, latents, ...Object.values(params)]);
  return states;
}

/** One guided evaluation as [n, 2C, H, W]. */
async function guidedOutput(fixture: DitFixture): Promise<Float32Array> {
  const params = paramsOf(fixture);
  const { predict } = await predictor(fixture, params, true);
  const output = tf.tidy(() => {
    const { eps, variance } = predict(latentsOf(fixture, "sample.z"), GUIDED_STEP);
    return tf.concat([eps, variance], 3);
  });
  const values = await readNchw(output);
  tf.dispose([output, ...Object.values(params)]);
  return values;
}

/** The plain pass on [z; z] with labels [y; null], as [2n, 2C, H, W]. */
async function unguidedOutput(fixture: DitFixture): Promise<Float32Array> {
  const params = paramsOf(fixture);
  const output = tf.tidy(() => {
    const z = latentsOf(fixture, "sample.z");
    const y = labelsOf(fixture, "sample.y");
    const none = tf.fill<Rank.R1>(y.shape, fixture.shape.numClasses, "int32");
    const t = new Float32Array(2 * z.shape[0]).fill(GUIDED_STEP);
    return transformerForward(params, fixture.shape, tf.concat([z, z]), t, tf.concat([y, none]))
      .output;
  });
  const values = await readNchw(output);
  tf.dispose([output, ...Object.values(params)]);
  return values;
}

/**
 * Samples, a trajectory, and guided evaluations. Of results of a doubled batch the first half is compared: the second is
 * what the reference's loop leaves of its own noise, and nothing reads it.
 */
export function ditSamplingCases(fixture: DitFixture): ParityCase[] {
  const { manifest } = fixture;
  const runs = new Map(
    Object.keys(manifest.sampler_cases).map((caseName) => [
      caseName,
      once(async () => sampleStates(fixture, caseName)),
    ]),
  );
  const compare = (name: string, got: ArrayLike<number>) =>
    compareArrays(
      name,
      got,
      fixture.numbers(name).subarray(0, got.length),
      toleranceOf(fixture, name),
    );
  const samples = Object.keys(manifest.tensors).flatMap((name): ParityCase[] => {
    const [, caseName = "", trajectory] = /^sample\.([^.]+)(\.traj)?$/.exec(name) ?? [];
    const states = runs.get(caseName);
    if (!states) return [];
    return [
      {
        name,
        covers: [name],
        run: async () => {
          const all = await states();
          const got = trajectory ? all.flatMap((state) => [...state]) : (all.at(-1) ?? []);
          return compare(name, got);
        },
      },
    ];
  });
  const outputs = { "cfg.out": guidedOutput, "cfg.unguided": unguidedOutput };
  const guided = Object.entries(outputs)
    .filter(([name]) => name in manifest.tensors)
    .map(([name, output]): ParityCase => ({
      name,
      covers: [name],
      run: async () => compare(name, await output(fixture)),
    }));
  return [...samples, ...guided];
}

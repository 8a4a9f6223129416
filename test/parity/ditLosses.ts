import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { linearSchedule } from "../../src/common/math/ddpmSchedule";
import { cosineLossPerSample } from "../../src/engine/diffusion/alignmentLoss";
import { predictedData, stepBack } from "../../src/engine/diffusion/ddpmSamplers";
import { interpolateWith } from "../../src/engine/diffusion/interpolate";
import { asNoisePrediction } from "../../src/engine/diffusion/noisePrediction";
import { variationalBound } from "../../src/engine/diffusion/variationalBound";
import { velocityLossPerSample } from "../../src/engine/diffusion/velocityLoss";
import { projectTokens } from "../../src/engine/models/projector";
import { transformerForward } from "../../src/engine/models/transformer";
import { embedLabel, embedTime, timeFeatures } from "../../src/engine/nn/embedders";
import { stepInputs } from "../../src/engine/training/stepInputs";
import {
  alignedTokens,
  lossAndGradients,
  repaLoss,
  type LossOptions,
  type TrainBatch,
} from "../../src/engine/training/trainStep";
import { once } from "./arrays";
import type { DitFixture } from "./ditFixture";
import { compareChecks, compareGradients, type Family } from "./sitFamilies";
import { float32, labelsOf, latentsOf, paramsOf, readFloats, tokensOf } from "./sitFixture";
import { storedCases } from "./sitStored";
import type { ParityCase } from "./types";

/** Targets there are none of in a manifest without REPA. */
const hasTargets = (fixture: DitFixture): boolean => fixture.has("zs");

/** The fixture's one batch; the caller disposes its tensors. */
export const ditBatch = (fixture: DitFixture): TrainBatch => ({
  latents: latentsOf(fixture, "x"),
  noise: latentsOf(fixture, "noise"),
  t: float32(fixture.numbers("t")),
  labels: Int32Array.from(fixture.numbers("y")),
  features: hasTargets(fixture) ? [tokensOf(fixture, "zs")] : [],
});

export const ditLossOptions = (fixture: DitFixture): LossOptions => ({
  shape: fixture.shape,
  path: "linear",
  alignment: {
    projCoeff: fixture.manifest.hyper?.proj_coeff ?? 0,
    encoderDepth: fixture.manifest.config.encoder_depth ?? 1,
    objective: "cosine",
    temperature: 0.1,
    projectors: hasTargets(fixture) ? [0] : [],
  },
});

/** What the embedders and blocks give for `x`, a manifest's own input of the network. */
function networkParts(fixture: DitFixture): Record<string, Tensor> {
  const params = paramsOf(fixture);
  const t = float32(fixture.numbers("t"));
  const y = labelsOf(fixture, "y");
  const time = embedTime(params, t);
  const { output, hidden } = transformerForward(
    params,
    fixture.shape,
    latentsOf(fixture, "x"),
    t,
    y,
  );
  const out: Record<string, Tensor> = {
    "out.t_freq": timeFeatures(t, fixture.shape.frequencySize),
    "out.t_emb": time,
    "out.c": tf.add(time, embedLabel(params, y)),
    "out.model": output,
  };
  hidden.forEach((tokens, i) => (out[`out.block.${i}`] = tokens));
  return out;
}

/** Mean, log variance and predicted data of the step back, each sample at its own step. */
function stepsBack(fixture: DitFixture, xt: Tensor4D, output: Tensor4D): Record<string, Tensor> {
  const schedule = linearSchedule(fixture.manifest.config.diffusion_steps);
  const row = (x: Tensor4D, i: number): Tensor4D => tf.slice(x, [i, 0, 0, 0], [1, -1, -1, -1]);
  const samples = [...fixture.numbers("t")].map((step, i) => {
    const prediction = asNoisePrediction(row(output, i));
    const x = row(xt, i);
    return {
      ...stepBack(x, prediction, { schedule }, step),
      data: predictedData(x, prediction.eps, schedule, step),
    };
  });
  return {
    "pmv.mean": tf.concat(samples.map(({ mean }) => mean)),
    "pmv.log_variance": tf.concat(samples.map(({ logVariance }) => logVariance)),
    "pmv.pred_xstart": tf.concat(samples.map(({ data }) => data)),
  };
}

/** The objective and its parts at the noised latents, under the manifest's names. */
function lossParts(fixture: DitFixture): Record<string, Tensor> {
  const { shape, manifest } = fixture;
  const params = paramsOf(fixture);
  const batch = ditBatch(fixture);
  const inputs = stepInputs(batch, { shape, path: "linear", projCoeff: 1 });
  if (!inputs.bound) throw new Error("a DiT's inputs have no bound");
  const { xt, velocity: target } = interpolateWith(batch.latents, batch.noise, inputs.coefficients);
  const { output, hidden } = transformerForward(params, shape, xt, batch.t, labelsOf(fixture, "y"));
  const { eps, variance } = asNoisePrediction(output);
  const mse = velocityLossPerSample(eps, target);
  const error = tf.sub<Tensor4D>(eps, target);
  const vb = variationalBound(variance, {
    error,
    xStar: batch.latents,
    coefficients: inputs.bound,
  });
  const { projLoss, total } = repaLoss(params, batch, ditLossOptions(fixture));
  const sum = tf.add(mse, vb);
  const parts = {
    "loss.x_t": xt,
    "loss.mse": mse,
    "loss.vb": vb,
    ...stepsBack(fixture, xt, output),
  };
  const [features] = batch.features;
  if (!features) return { ...parts, "loss.total": sum };
  const tapped = alignedTokens(hidden, manifest.config.encoder_depth ?? 1);
  const projected = projectTokens(params, 0, tapped);
  return {
    ...parts,
    "loss.iddpm": sum,
    "loss.proj": projLoss,
    "loss.proj_per_sample": cosineLossPerSample(features, projected),
    "loss.total": total,
    "out.model": output,
    "out.tapped": tapped,
    "out.zs_tilde": projected,
  };
}

async function gradientFamily(fixture: DitFixture): Promise<Family> {
  const gradients = tf.tidy(() => {
    const found = lossAndGradients(paramsOf(fixture), ditBatch(fixture), ditLossOptions(fixture));
    tf.dispose({ ...found.losses });
    return found.gradients;
  });
  const family = new Map<string, Float32Array>();
  for (const [name, gradient] of Object.entries(gradients)) {
    family.set(name, await readFloats(gradient));
    gradient.dispose();
  }
  return family;
}

/** As the manifests name it, on every backend. */
const GRADIENT_RELATIVE = 1e-4;

/** Network, noising, losses, the step back and gradients. */
export function ditLossCases(fixture: DitFixture): ParityCase[] {
  const listed = Object.keys(fixture.manifest.tensors);
  const starting = (...prefixes: string[]) =>
    listed.filter((name) => prefixes.some((prefix) => name.startsWith(prefix)));
  const family = once(async () => gradientFamily(fixture));
  return [
    ...(hasTargets(fixture)
      ? storedCases(fixture, starting("out."), () => lossParts(fixture))
      : storedCases(fixture, starting("out."), () => networkParts(fixture))),
    ...storedCases(fixture, starting("loss.", "pmv."), () => lossParts(fixture)),
    {
      name: "grad.* elements",
      run: async () => compareGradients(fixture, "grad.", await family(), GRADIENT_RELATIVE),
    },
    {
      name: "grad.* checks",
      run: async () =>
        compareChecks(fixture, "grad.", await family(), (l2) => GRADIENT_RELATIVE * l2),
    },
  ];
}

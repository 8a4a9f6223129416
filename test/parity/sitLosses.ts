import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor3D } from "@tensorflow/tfjs-core";
import { alignmentLoss, cosineLossPerSample } from "../../src/engine/diffusion/alignmentLoss";
import { interpolate } from "../../src/engine/diffusion/interpolate";
import { scoreFromVelocity } from "../../src/engine/diffusion/score";
import { velocityLossPerSample } from "../../src/engine/diffusion/velocityLoss";
import type { PathKind } from "../../src/common/math/interpolant";
import { projectTokens } from "../../src/engine/models/projector";
import { sitForward } from "../../src/engine/models/sit";
import { alignedTokens, lossAndGradients, repaLoss } from "../../src/engine/training/trainStep";
import { once } from "./arrays";
import { compareChecks, compareGradients, type Family } from "./sitFamilies";
import {
  encoderName,
  featuresOf,
  float32,
  labelsOf,
  latentsOf,
  paramsOf,
  readFloats,
  tokensOf,
  type SitFixture,
} from "./sitFixture";
import { storedCases } from "./sitStored";
import { lossOptions, trainBatch } from "./sitTraining";
import type { ParityCase } from "./types";

export function asPath(name: string): PathKind {
  if (name === "linear" || name === "cosine") return name;
  throw new Error(`this project has no path called "${name}"`);
}

/** The parts of the objective on one path, under the manifest's names. */
function lossParts(fixture: SitFixture, pathName: string): Record<string, Tensor> {
  const path = asPath(pathName);
  const { shape, manifest } = fixture;
  const params = paramsOf(fixture);
  const batch = trainBatch(fixture);
  const { xt, velocity: target } = interpolate(batch.latents, batch.noise, batch.t, path);
  const labels = labelsOf(fixture, "y");
  const { velocity, hidden } = sitForward(params, shape, xt, batch.t, labels);
  const aligned = alignedTokens(hidden, manifest.config.encoder_depth);
  const perEncoder = batch.features.map((features, i) =>
    cosineLossPerSample(features, projectTokens(params, i, aligned)),
  );
  const { projLoss, total } = repaLoss(params, batch, lossOptions(fixture, path));
  const scope = `loss.${pathName}`;
  return {
    [`${scope}.x_t`]: xt,
    [`${scope}.target`]: target,
    [`${scope}.denoise`]: velocityLossPerSample(velocity, target),
    [`${scope}.proj`]: projLoss,
    [`${scope}.proj_per_sample`]: tf.mean(tf.stack(perEncoder), 0),
    [`${scope}.total`]: total,
  };
}

function lossCases(fixture: SitFixture, listed: readonly string[]): ParityCase[] {
  const paths = new Set(listed.map((name) => /^loss\.([^.]+)\./.exec(name)?.[1] ?? ""));
  paths.delete("");
  return [...paths].flatMap((path) =>
    storedCases(
      fixture,
      listed.filter((name) => name.startsWith(`loss.${path}.`)),
      () => lossParts(fixture, path),
    ),
  );
}

/** `NAME.proj` for the encoders `NAME.z.0`, `NAME.z_tilde.0`, `NAME.z.1`, ... */
function severalEncodersCases(fixture: SitFixture, listed: readonly string[]): ParityCase[] {
  const scopes = listed
    .filter((name) => name.endsWith(".proj") && listed.includes(name.replace(/proj$/, "z.0")))
    .map((name) => name.slice(0, -".proj".length));
  return scopes.flatMap((scope) =>
    storedCases(fixture, [`${scope}.proj`], () => {
      const pairs = [];
      for (let i = 0; fixture.has(`${scope}.z.${i}`); i++) {
        pairs.push({
          features: tokensOf(fixture, `${scope}.z.${i}`),
          projected: tokensOf(fixture, `${scope}.z_tilde.${i}`),
        });
      }
      return { [`${scope}.proj`]: alignmentLoss(pairs, "cosine", fixture.manifest.hyper.tau) };
    }),
  );
}

/** An objective on the stored projector outputs: its value, and its gradient for each of them. */
function objectiveParts(
  fixture: SitFixture,
  objective: "cosine" | "ntxent",
): Record<string, Tensor> {
  const features = featuresOf(fixture);
  const projected = features.map((_, i) =>
    tokensOf(fixture, encoderName(fixture, "out.zs_tilde", i)),
  );
  const loss = (...tokens: Tensor[]) =>
    alignmentLoss(
      features.map((z, i) => ({ features: z, projected: tokens[i] as Tensor3D })),
      objective,
      fixture.manifest.hyper.tau,
    );
  const { value, grads } = tf.valueAndGrads(loss)(projected);
  const out: Record<string, Tensor> = { [`${objective}.loss`]: value };
  grads.forEach((grad, i) => {
    out[encoderName(fixture, "out.zs_tilde", i).replace("out.", `${objective}.grad_`)] = grad;
  });
  return out;
}

const objectiveCases = (fixture: SitFixture, listed: readonly string[]): ParityCase[] =>
  (["ntxent", "cosine"] as const).flatMap((objective) =>
    storedCases(
      fixture,
      listed.filter((name) => name.startsWith(`${objective}.`)),
      () => objectiveParts(fixture, objective),
    ),
  );

/** Scores of the stored velocity and input at `score.t`, for each path. */
const scoreCases = (fixture: SitFixture, listed: readonly string[]): ParityCase[] =>
  listed
    .filter((name) => name.startsWith("score.") && name !== "score.t")
    .flatMap((name) =>
      storedCases(fixture, [name], () => {
        const t = float32(fixture.numbers("score.t"));
        const path = asPath(name.slice("score.".length));
        const velocity = latentsOf(fixture, "out.v");
        return { [name]: scoreFromVelocity(velocity, latentsOf(fixture, "x"), t, path) };
      }),
    );

async function gradientFamily(fixture: SitFixture, path: PathKind): Promise<Family> {
  const gradients = tf.tidy(() => {
    const options = lossOptions(fixture, path);
    const { losses, gradients } = lossAndGradients(paramsOf(fixture), trainBatch(fixture), options);
    tf.dispose({ ...losses });
    return gradients;
  });
  const family = new Map<string, Float32Array>();
  for (const [name, gradient] of Object.entries(gradients)) {
    family.set(name, await readFloats(gradient));
    gradient.dispose();
  }
  return family;
}

/** Families `grad.PATH.`: stored elements, and the reductions over every element. */
function gradientCases(fixture: SitFixture): ParityCase[] {
  const prefixes = new Set(
    [...fixture.names, ...Object.keys(fixture.manifest.checks)].flatMap(
      (name) => /^grad\.[^.]+\./.exec(name)?.[0] ?? [],
    ),
  );
  const relative = fixture.precision === "gpu" ? 1e-4 : 2e-5;
  return [...prefixes].flatMap((prefix): ParityCase[] => {
    const family = once(async () =>
      gradientFamily(fixture, asPath(prefix.slice("grad.".length, -1))),
    );
    return [
      {
        name: `${prefix}* elements`,
        run: async () => compareGradients(fixture, prefix, await family(), relative),
      },
      {
        name: `${prefix}* checks`,
        run: async () => compareChecks(fixture, prefix, await family(), (l2) => relative * l2),
      },
    ];
  });
}

/** Interpolants, objectives, scores and gradients. */
export function lossAndGradientCases(fixture: SitFixture): ParityCase[] {
  const listed = Object.keys(fixture.manifest.tensors);
  return [
    ...lossCases(fixture, listed),
    ...severalEncodersCases(fixture, listed),
    ...objectiveCases(fixture, listed),
    ...gradientCases(fixture),
    ...scoreCases(fixture, listed),
  ];
}

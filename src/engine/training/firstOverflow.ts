import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { interpolateWith } from "../diffusion/interpolate";
import { projectTokens } from "../models/projector";
import { transformerForward } from "../models/transformer";
import type { ParamMap } from "../nn/params";
import { globalNorm } from "./gradients";
import { stepInputs } from "./stepInputs";
import { disposeBatch, microBatches, type TrainBatch } from "./trainBatch";
import { alignedTokens, lossAndGradients, type StepOptions } from "./trainStep";

/** The first numbers of a step that left the range of their type. */
export interface Overflow {
  /** "parameter" before the step, "activation" in the forward pass, "gradient" in the backward pass; "norm": that of all gradients. */
  readonly of: "parameter" | "activation" | "loss" | "gradient" | "norm";
  /** Name of the parameter, of the part of the network that gave the activation, or of the loss. */
  readonly name: string;
  /** Of an activation: the times of the images it is of, and how many images the batch has. Else null. */
  readonly images: { readonly times: readonly number[]; readonly of: number } | null;
}

/** A flag of something that was computed: it is finite exactly where that was. */
interface Flag extends Pick<Overflow, "of" | "name"> {
  /** One number, or one an image of its micro-batch. */
  readonly sums: Tensor;
  /** Place of its first image in the batch. */
  readonly first: number;
}

/** Small enough that a sum of so many finite numbers stays finite, 2^24 of them at most. */
const SCALE = 2 ** -24;

/** Sum over everything but the first axis where `byImage`; not finite where a summand is not. */
const scaledSum = (x: Tensor, byImage: boolean): Tensor =>
  tf.tidy(() => {
    const rows = byImage ? tf.reshape(x, [x.shape[0], -1]) : tf.reshape(x, [1, -1]);
    return tf.sum(tf.mul(tf.abs(rows), SCALE), 1);
  });

/** Flags of a micro-batch's activations, in the order in which they are computed. */
function activationFlags(
  params: ParamMap,
  batch: TrainBatch,
  options: StepOptions,
  first: number,
): Flag[] {
  const { shape, path, alignment } = options;
  const flags: Flag[] = [];
  const see = (name: string, x: Tensor) => {
    flags.push({ of: "activation", name, sums: tf.keep(scaledSum(x, true)), first });
  };
  tf.tidy(() => {
    const inputs = stepInputs(batch, { shape, path, projCoeff: alignment.projCoeff });
    const { latents, noise, coefficients, timeFeatures, labels } = inputs;
    see("latents", latents);
    for (const features of inputs.features) see("encoder features", features);
    const { xt } = interpolateWith(latents, noise, coefficients);
    const { hidden } = transformerForward(params, shape, xt, timeFeatures, labels, {
      onPart: see,
    });
    const tokens = alignedTokens(hidden, alignment.encoderDepth);
    for (const index of alignment.projectors) {
      see(`projectors.${index}`, projectTokens(params, index, tokens));
    }
  });
  return flags;
}

/** Parts of a block in the order of the backward pass. */
const BACKWARD_PARTS = ["mlp.fc2", "mlp.fc1", "attn.proj", "attn.", "adaLN"];

/** Where the backward pass comes to a parameter: the head and the projectors first, then block after block, the embedders last. */
function backwardPlace(name: string, depth: number): number {
  const layer = /^projectors\.\d+\.(\d+)/.exec(name)?.[1];
  if (layer !== undefined) return -Number(layer); // the last of its layers first
  if (name.startsWith("final_layer.")) return name.startsWith("final_layer.linear") ? -1 : 0;
  const [, block, part = ""] = /^blocks\.(\d+)\.(.*)/.exec(name) ?? [];
  if (block === undefined) return Infinity;
  const inBlock = BACKWARD_PARTS.findIndex((start) => part.startsWith(start));
  return (depth - Number(block)) * BACKWARD_PARTS.length + inBlock;
}

/** Flags of a micro-batch's losses and gradients, as the backward pass makes them. */
function backwardFlags(
  params: ParamMap,
  batch: TrainBatch,
  options: StepOptions,
  first: number,
): Flag[] {
  const { losses, gradients } = lossAndGradients(params, batch, options);
  const flag = (of: Overflow["of"], name: string, x: Tensor): Flag => ({
    ...{ of, name, first },
    sums: scaledSum(x, false),
  });
  const { velocityLoss, projLoss } = losses;
  const ofLosses = [
    flag("loss", "denoising loss", velocityLoss),
    flag("loss", "alignment loss", projLoss),
  ];
  tf.dispose({ ...losses });
  const { depth } = options.shape;
  const names = Object.keys(gradients).sort((a, b) => {
    const [placeA, placeB] = [backwardPlace(a, depth), backwardPlace(b, depth)];
    return placeA === placeB ? 0 : placeA - placeB;
  });
  const ofGradients = names.flatMap((name): Flag[] => {
    const gradient = gradients[name];
    return gradient ? [flag("gradient", name, gradient)] : [];
  });
  const norm = tf.tidy(() => globalNorm(gradients));
  const ofNorm = flag("norm", "gradient norm", norm);
  tf.dispose([norm, { ...gradients }]);
  return [...ofLosses, ...ofGradients, ofNorm];
}

/** What the flag says; null where all is finite. Disposes it. */
async function overflowOf(
  { of, name, sums, first }: Flag,
  batch: TrainBatch,
): Promise<Overflow | null> {
  const values = await sums.data<"float32">().finally(() => sums.dispose());
  const found = [...values.keys()].filter((i) => !Number.isFinite(values[i]));
  if (found.length === 0) return null;
  if (of !== "activation") return { of, name, images: null };
  const times = found.map((i) => batch.t[first + i] ?? NaN);
  return { of, name, images: { times, of: batch.labels.length } };
}

/**
 * Where the numbers of a step first leave the range of their type. It computes the step's losses and gradients operation by
 * operation, changes nothing, and reads one number a tensor and image.
 * @param params as they are before the step
 * @param encode runs what is given at the step's precision; it is called without awaiting
 * @returns null where all of the step is finite
 */
export async function firstOverflow(
  params: ParamMap,
  batch: TrainBatch,
  options: StepOptions,
  encode: <T>(work: () => T) => T = (work) => work(),
): Promise<Overflow | null> {
  const parts = microBatches(batch, options.microBatch ?? batch.labels.length);
  const size = batch.labels.length / parts.length;
  const ofParameters = (): Flag[] =>
    Object.entries(params).map(([name, value]) => ({
      ...{ of: "parameter", name, first: 0 },
      sums: scaledSum(value, false),
    }));
  const stages = [
    ofParameters,
    ...parts.map((part, i) => () => activationFlags(params, part, options, i * size)),
    ...parts.map((part, i) => () => backwardFlags(params, part, options, i * size)),
  ];
  try {
    for (const stage of stages) {
      const found: (Overflow | null)[] = [];
      for (const flag of encode(stage)) found.push(await overflowOf(flag, batch));
      const first = found.find((one) => one !== null);
      if (first) return first;
    }
    return null;
  } finally {
    for (const part of parts) disposeBatch(part);
  }
}

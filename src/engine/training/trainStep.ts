import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor, Tensor1D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { alignmentLoss, type AlignmentObjective } from "../diffusion/alignmentLoss";
import { interpolateWith } from "../diffusion/interpolate";
import { iddpmLoss } from "../diffusion/variationalBound";
import { velocityLoss } from "../diffusion/velocityLoss";
import { StudioError } from "../../common/errors/studioError";
import type { PathKind } from "../../common/math/interpolant";
import { mapRecord } from "../../common/math/records";
import { asNoisePrediction } from "../diffusion/noisePrediction";
import { projectorScope, projectTokens } from "../models/projector";
import { transformerForward, type TransformerShape } from "../models/transformer";
import { isFrozen } from "../models/transformerInit";
import { ofRank } from "../kernels/ranks";
import { backward } from "../nn/backward";
import { pickParams, type ParamMap } from "../nn/params";
import { createAdamW, type AdamWOptions } from "./adamw";
import { movedAverage } from "./ema";
import { clipCoefficient, globalNorm } from "./gradients";
import { scopeOf } from "./parameterScope";
import { stepInputs, type StepInputs } from "./stepInputs";
import { disposeBatch, microBatchCount, sliceBatch, type TrainBatch } from "./trainBatch";
import type { TrainState } from "./trainState";

export type { TrainBatch } from "./trainBatch";

/** The alignment in force at a step; all of it may change between steps. */
export interface Alignment {
  /** λ. At 0 the loss is still computed and logged; no gradient flows from it. */
  readonly projCoeff: number;
  /** Block whose hidden state is aligned, counted from 1. */
  readonly encoderDepth: number;
  readonly objective: AlignmentObjective;
  readonly temperature: number;
  /** Index of each active encoder's projector: `projectors.${index}`. */
  readonly projectors: readonly number[];
}

/** How far a step is: what is done of its part, of how many. */
export interface StepProgress {
  /** Blocks of the forward pass, operations of the backward pass, parameters updated, or submissions a GPU has done. */
  readonly part: "forward" | "backward" | "update" | "gpu";
  readonly done: number;
  readonly all: number;
  /** The micro-batch under way, from 1, where there are several. */
  readonly microBatch?: number;
}

export interface LossOptions {
  readonly shape: TransformerShape;
  /** The path of a SiT. A DiT has its steps instead. */
  readonly path: PathKind;
  readonly alignment: Alignment;
  /** Compute the blocks' activations again in the backward pass instead of keeping them. Default false. */
  readonly recompute?: boolean;
  /** Told of the parts of a step while it computes. */
  readonly onProgress?: ((progress: StepProgress) => void) | undefined;
}

export interface StepOptions extends LossOptions {
  /** Images that pass the network at once; divides the batch. Null or absent: the whole batch. */
  readonly microBatch?: number | null;
  readonly adamW: AdamWOptions;
  readonly maxGradNorm: number;
  readonly emaDecay: number;
}

export interface Losses {
  /** The family's own loss, the number on the chart: of a SiT the mean square of the velocity error, of a DiT that of the noise plus the bound. */
  readonly velocityLoss: Scalar;
  /** Unweighted alignment loss. */
  readonly projLoss: Scalar;
  /** velocityLoss + λ projLoss: what is minimised. */
  readonly total: Scalar;
}

export interface LossesAndGradients {
  readonly losses: Losses;
  /** Of `total`, by the names of the active parameters. */
  readonly gradients: ParamMap;
}

const fault = (message: string) =>
  new StudioError(
    "INTERNAL",
    message,
    "Reload the page; the run resumes from its last checkpoint.",
  );

function noSuchBlock(encoderDepth: number, depth: number): StudioError {
  return new StudioError(
    "OUT_OF_RANGE",
    `Alignment depth ${encoderDepth} is not a block of this model: it has ${depth}.`,
    `Choose an alignment depth from 1 to ${depth}.`,
  );
}

/** Called before a tape starts: an error on the tape would leave saved tensors. @throws StudioError OUT_OF_RANGE */
export function assertEncoderDepth({ shape, alignment }: LossOptions): void {
  const { encoderDepth } = alignment;
  if (encoderDepth < 1 || encoderDepth > shape.depth) throw noSuchBlock(encoderDepth, shape.depth);
}

/** The hidden state after block `encoderDepth` (counted from 1), raw: no norm is applied. */
export function alignedTokens(hidden: readonly Tensor3D[], encoderDepth: number): Tensor3D {
  const tokens = hidden[encoderDepth - 1];
  if (!tokens) throw noSuchBlock(encoderDepth, hidden.length);
  return tokens;
}

/**
 * The REPA objective on one batch: the family's own loss + λ L_align. A SiT's is mean |v - v*|², a DiT's improved DDPM's.
 * @throws StudioError OUT_OF_RANGE when no block has the alignment depth; SHAPE_MISMATCH or PARAM_MISSING when parts differ
 * @source REPA (arXiv:2410.06940) Eq. 9; sihyun-yu/REPA train.py
 */
export function repaLoss(params: ParamMap, batch: TrainBatch, options: LossOptions): Losses {
  const { shape, path, alignment } = options;
  const inputs = stepInputs(batch, { shape, path, projCoeff: alignment.projCoeff });
  return repaLossOf(params, inputs, options);
}

/** A velocity against the path's, or with a bound, which a DiT has, a predicted noise against the noise. */
const denoisingLoss = (
  output: Tensor4D,
  target: Tensor4D,
  { latents, bound }: StepInputs,
): Scalar =>
  bound
    ? iddpmLoss(asNoisePrediction(output), target, { xStar: latents, coefficients: bound })
    : velocityLoss(output, target);

/** `repaLoss` on inputs that are tensors already; λ is read from them. */
export function repaLossOf(params: ParamMap, inputs: StepInputs, options: LossOptions): Losses {
  const { shape, alignment, recompute = false, onProgress } = options;
  const { latents, noise, coefficients, timeFeatures, labels } = inputs;
  const { xt, velocity: target } = interpolateWith(latents, noise, coefficients);
  const { output, hidden } = transformerForward(params, shape, xt, timeFeatures, labels, {
    recompute,
    onBlock: onProgress && ((done, all) => onProgress({ part: "forward", done, all })),
  });
  const tokens = alignedTokens(hidden, alignment.encoderDepth); // [B, T, D]
  const pairs = inputs.features.map((features, i) => ({
    features,
    projected: projectTokens(params, alignment.projectors[i] ?? i, tokens), // [B, T, Z]
  }));
  const denoising = denoisingLoss(output, target, inputs);
  const projLoss = alignmentLoss(pairs, alignment.objective, alignment.temperature);
  const total: Scalar = tf.add(denoising, tf.mul(projLoss, inputs.projCoeff));
  return { velocityLoss: denoising, projLoss, total };
}

/**
 * Names that get a gradient: not the frozen ones, nor projectors of encoders that are not active. Sorted: the
 * gradient's norm is summed in this order, and a state from a checkpoint, where names are sorted, must give the
 * bits of the state that was written.
 */
export function activeNames(params: ParamMap, projectors: readonly number[]): string[] {
  const active = projectors.map((index) => `${projectorScope(index)}.`);
  return Object.keys(params)
    .filter(
      (name) =>
        !isFrozen(name) &&
        (!name.startsWith("projectors.") || active.some((scope) => name.startsWith(scope))),
    )
    .sort();
}

/**
 * The losses and the gradient of `total` for every active parameter. The caller owns what is returned.
 * @throws StudioError as repaLoss, and INTERNAL when an active parameter does not reach the loss
 */
export function lossAndGradients(
  params: ParamMap,
  batch: TrainBatch | StepInputs,
  options: LossOptions,
): LossesAndGradients {
  assertEncoderDepth(options);
  const names = activeNames(params, options.alignment.projectors);
  const active = pickParams(params, names);
  const { onProgress } = options;
  const kept: Losses[] = [];
  const loss = () => {
    const losses =
      "coefficients" in batch
        ? repaLossOf(params, batch, options)
        : repaLoss(params, batch, options);
    for (const loss of Object.values(losses)) tf.keep(loss); // beyond the tape's own scope
    kept.push(losses);
    return losses.total;
  };
  const onNode =
    onProgress && ((done: number, all: number) => onProgress({ part: "backward", done, all }));
  const found = backward(loss, Object.values(active), undefined, onNode);
  const gradients = names.map((name, i): [string, Tensor] => {
    const gradient = found.gradients[i];
    if (gradient) return [name, gradient];
    throw fault(`The parameter "${name}" has no gradient.`);
  });
  const [losses] = kept;
  if (!losses) throw fault("The loss was not computed.");
  return { losses, gradients: Object.fromEntries(gradients) };
}

/** A result of tensors that are disposed. */
function consumed<T extends Tensor>(tensors: readonly Tensor[], result: T): T {
  tf.dispose([...tensors]);
  return result;
}

/** Losses and gradients of two micro-batches added up; both are disposed, each tensor as soon as its sum is there. */
const addedUp = (a: LossesAndGradients, b: LossesAndGradients): LossesAndGradients => ({
  losses: mapRecord({ ...a.losses }, (loss, name): Scalar => {
    const other = b.losses[name];
    return consumed([loss, other], tf.add(loss, other));
  }),
  gradients: mapRecord(a.gradients, (gradient, name) => {
    const other = b.gradients[name];
    return other ? consumed([gradient, other], tf.add(gradient, other)) : gradient;
  }),
});

/** Losses and gradients times `factor`; they are disposed, each tensor as soon as its product is there. */
const scaled = (sum: LossesAndGradients, factor: Scalar): LossesAndGradients => ({
  losses: mapRecord({ ...sum.losses }, (loss): Scalar => consumed([loss], tf.mul(loss, factor))),
  gradients: mapRecord(sum.gradients, (gradient) => consumed([gradient], tf.mul(gradient, factor))),
});

const disposeFound = ({ losses, gradients }: LossesAndGradients): void =>
  tf.dispose([{ ...losses }, { ...gradients }]);

/**
 * `lossAndGradients` of a batch as the mean over its micro-batches, one at a time: the activations of only one
 * are held. Equal to the whole batch's to float32 rounding, except NT-Xent, whose candidates are then those of
 * the micro-batch. The caller owns what is returned.
 * @param size images of a micro-batch
 * @throws StudioError as lossAndGradients, and OUT_OF_RANGE when `size` does not divide the batch
 */
export function accumulatedGradients(
  params: ParamMap,
  batch: TrainBatch,
  options: LossOptions,
  size: number,
): LossesAndGradients {
  const count = microBatchCount(batch, size);
  if (count === 1) return lossAndGradients(params, batch, options);
  const { onProgress } = options;
  const ofPart = (i: number) => {
    const part = sliceBatch(batch, i * size, size);
    const onPart =
      onProgress && ((progress: StepProgress) => onProgress({ ...progress, microBatch: i + 1 }));
    try {
      return lossAndGradients(params, part, { ...options, onProgress: onPart });
    } finally {
      disposeBatch(part);
    }
  };
  let sum = ofPart(0);
  const scale = tf.scalar(1 / count);
  try {
    for (let i = 1; i < count; i++) sum = addedUp(sum, ofPart(i));
    return scaled(sum, scale);
  } catch (thrown) {
    disposeFound(sum);
    throw thrown;
  } finally {
    scale.dispose();
  }
}

/** What the update of one step depends on besides state and gradients. */
interface UpdateOptions extends Pick<
  StepOptions,
  "adamW" | "maxGradNorm" | "emaDecay" | "onProgress"
> {
  /** Which update of its own this is for a parameter, from 1. */
  readonly updateOf: (name: string) => number;
}

/**
 * AdamW and EMA of all parameters. What a parameter had before is disposed before the next one is updated, and its
 * gradient too: a second whole state beside the first would not fit where the first hardly does.
 */
function updatedState(
  state: TrainState,
  gradients: ParamMap,
  norm: Scalar,
  { adamW, maxGradNorm, emaDecay, updateOf, onProgress }: UpdateOptions,
): Pick<TrainState, "params" | "ema" | "expAvg" | "expAvgSq"> {
  const update = createAdamW(adamW, updateOf, clipCoefficient(norm, maxGradNorm));
  const rate = tf.scalar(1 - emaDecay);
  const params = { ...state.params };
  const ema = { ...state.ema };
  const expAvg = { ...state.expAvg };
  const expAvgSq = { ...state.expAvgSq };
  const before = Object.entries(state.params);
  for (const [i, [name, p]] of before.entries()) {
    const [m, v, gradient, average] = [expAvg[name], expAvgSq[name], gradients[name], ema[name]];
    if (m && v && gradient) {
      const next = update(name, { p, m, v }, gradient);
      params[name] = next.p;
      expAvg[name] = next.m;
      expAvgSq[name] = next.v;
      tf.dispose([m, v, gradient]);
    }
    const now = params[name] ?? p;
    ema[name] = movedAverage(average, now, rate);
    average?.dispose();
    if (now !== p) p.dispose();
    onProgress?.({ part: "update", done: i + 1, all: before.length });
  }
  return { params, ema, expAvg, expAvgSq };
}

/**
 * One training step: loss, gradients, clipping, AdamW, EMA, in this order.
 * Consumes `state`: the tensors it replaces are disposed as it goes. If losses or gradients cannot be computed it
 * throws before that, and `state` is whole.
 * Nothing is read back from the device.
 * @returns the new state, and [velocityLoss, projLoss, gradNorm before clipping] as a tensor [3]
 * @source sihyun-yu/REPA train.py
 */
export function trainStep(
  state: TrainState,
  batch: TrainBatch,
  options: StepOptions,
): { state: TrainState; logged: Tensor1D } {
  const step = state.step + 1;
  const projectorSteps = { ...state.projectorSteps };
  for (const scope of options.alignment.projectors.map(projectorScope)) {
    projectorSteps[scope] = (projectorSteps[scope] ?? 0) + 1;
  }
  const { next, logged } = tf.tidy(() => {
    const { losses, gradients } = accumulatedGradients(
      state.params,
      batch,
      options,
      options.microBatch ?? batch.labels.length,
    );
    const norm = globalNorm(gradients);
    const numbers = ofRank(tf.stack([losses.velocityLoss, losses.projLoss, norm]), "R1");
    tf.dispose({ ...losses });
    const updateOf = (name: string) => projectorSteps[scopeOf(name)] ?? step;
    return {
      next: updatedState(state, gradients, norm, { ...options, updateOf }),
      logged: numbers,
    };
  });
  return { state: { ...next, step, projectorSteps }, logged };
}

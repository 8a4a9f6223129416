import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import type { ModelFamily } from "../../common/config/modelFamily";
import { headChannels } from "../../common/config/sizes";
import { StudioError } from "../../common/errors/studioError";
import { silu } from "../nn/activations";
import { attention } from "../nn/attention";
import { customOp } from "../nn/customOp";
import { embedLabel, embedTime, type Times } from "../nn/embedders";
import { gatedResidual } from "../nn/gatedResidual";
import { layerNormModulate } from "../nn/layerNorm";
import { linear, linearChunks } from "../nn/linear";
import { mlp } from "../nn/mlp";
import { tensor3d, type ParamMap } from "../nn/params";
import { patchEmbed, unpatchify } from "../nn/patchEmbed";
import { recompute } from "../nn/recompute";

/**
 * One transformer for both families. SiT and DiT share patches, embedders, blocks, head and their parameters' names. They
 * differ in how many channels the head gives, and in the times they are conditioned on: SiT's t in [0, 1], DiT's step numbers
 * 0 to 999. What the output means is said by sit.ts and
 * diffusion/noisePrediction.ts. Projectors are separate (projector.ts).
 */
export interface TransformerShape {
  /** Default "sit". */
  readonly family?: ModelFamily;
  /** Side of the square latent, in latent px. */
  readonly inputSide: number;
  readonly inChannels: number;
  readonly patchSize: number;
  /** Features of a token, D. */
  readonly width: number;
  readonly depth: number;
  readonly numHeads: number;
  /** The null label of guidance is this number, where there is one: the table's row after the last class. */
  readonly numClasses: number;
  readonly qkNorm: boolean;
  /** Hidden width of the MLPs over D; 4 in the reference. */
  readonly mlpRatio: number;
  /** Width of the sinusoidal time features; 256 in the reference. */
  readonly frequencySize: number;
  /** False when labels are never dropped: then the table has no null row. Default true. */
  readonly hasNullClass?: boolean;
}

/** Channels the head gives. */
export const outChannels = ({ family = "sit", inChannels }: TransformerShape): number =>
  headChannels(family, inChannels);

/** Shown a part's name, as its parameters begin, and what it gives, [B, ...]. */
type OnPart = (name: string, value: Tensor) => void;

export interface TransformerOutput {
  /** What the head predicts, [B, H, W, `outChannels`]. */
  readonly output: Tensor4D;
  /** Hidden state after each block, [B, T, D]; `hidden[depth - 1]` is aligned at `encoderDepth` depth (from 1). */
  readonly hidden: readonly Tensor3D[];
}

/**
 * The network: x [B, H, W, C] at times t [B] with labels y [B] (int32; numClasses is the null class).
 * Labels are used as given: the trainer drops them. `recompute` changes only memory and time.
 * @throws StudioError PARAM_MISSING or SHAPE_MISMATCH when params do not fit `shape` or x
 * @source sihyun-yu/REPA models/sit.py SiT.forward; SiT (arXiv:2401.08740); DiT (arXiv:2212.09748) section 3.2
 */
export function transformerForward(
  params: ParamMap,
  shape: TransformerShape,
  x: Tensor4D,
  t: Times,
  y: Tensor1D,
  options: {
    readonly recompute?: boolean;
    /** Called after each block. */
    readonly onBlock?: ((done: number, all: number) => void) | undefined;
    /** Shown what the parts of the network give, as they give it; blocks are not recomputed then. */
    readonly onPart?: OnPart;
  } = {},
): TransformerOutput {
  assertInput(shape, x, t, y);
  const { onPart } = options;
  const block = options.recompute && !onPart ? recomputedBlock : transformerBlock;
  let tokens = addPositions(params, patchEmbed(params, "x_embedder", x)); // [B, T, D]
  onPart?.("x_embedder", tokens);
  const c = silu(tf.add<Tensor2D>(embedTime(params, t), embedLabel(params, y))); // [B, D]; every adaLN starts with SiLU
  onPart?.("t_embedder", c);
  const hidden: Tensor3D[] = [];
  for (let i = 0; i < shape.depth; i++) {
    const into = tokens;
    tokens = tf.tidy(() => block(params, `blocks.${i}`, into, c, shape, onPart)); // [B, T, D]
    // a clone is a tape node of its own: gradients are then added in the same order, recomputed or not
    hidden.push(tf.clone(tokens));
    options.onBlock?.(i + 1, shape.depth);
  }
  const patches = finalLayer(params, "final_layer", tokens, c); // [B, T, p p C]
  onPart?.("final_layer", patches);
  return { output: unpatchify(patches, shape.patchSize, outChannels(shape)), hidden }; // [B, H, W, C]
}

/** What adaLN-Zero computes for a block, in the order of the linear map's rows. */
const BLOCK_MODULATION = [
  "shiftMsa",
  "scaleMsa",
  "gateMsa",
  "shiftMlp",
  "scaleMlp",
  "gateMlp",
] as const;

/** One block with adaLN-Zero: x [B, T, D], c = silu of the conditioning [B, D]. @source SiTBlock.forward */
export function transformerBlock(
  params: ParamMap,
  scope: string,
  x: Tensor3D,
  c: Tensor2D,
  { numHeads, qkNorm }: Pick<TransformerShape, "numHeads" | "qkNorm">,
  onPart?: OnPart,
): Tensor3D {
  const modulation = linearChunks(params, `${scope}.adaLN_modulation.1`, c, BLOCK_MODULATION);
  const { shiftMsa, scaleMsa, gateMsa, shiftMlp, scaleMlp, gateMlp } = modulation; // [B, D] each
  const attnIn = layerNormModulate(x, shiftMsa, scaleMsa); // [B, T, D]
  const attnOut = attention(params, `${scope}.attn`, attnIn, { numHeads, qkNorm }); // [B, T, D]
  onPart?.(`${scope}.attn`, attnOut);
  const x1 = gatedResidual(x, gateMsa, attnOut); // [B, T, D]
  const mlpIn = layerNormModulate(x1, shiftMlp, scaleMlp); // [B, T, D]
  const mlpOut = mlp(params, `${scope}.mlp`, mlpIn, "gelu-tanh"); // [B, T, D]
  onPart?.(`${scope}.mlp`, mlpOut);
  const x2 = gatedResidual(x1, gateMlp, mlpOut); // [B, T, D]
  onPart?.(scope, x2);
  return x2;
}

/** `transformerBlock` that keeps only x and c for the backward pass. */
const recomputedBlock: typeof transformerBlock = (params, scope, x, c, shape) => {
  const own = Object.entries(params).filter(([name]) => name.startsWith(`${scope}.`));
  return recompute(Object.fromEntries(own), { x, c }, (weights, inputs) =>
    transformerBlock(weights, scope, inputs.x, inputs.c, shape),
  );
};

/** The head: [B, T, D] -> [B, T, p p C], channel fastest. @source FinalLayer.forward */
function finalLayer(params: ParamMap, scope: string, x: Tensor3D, c: Tensor2D): Tensor3D {
  const modulation = linearChunks(params, `${scope}.adaLN_modulation.1`, c, ["shift", "scale"]);
  const { shift, scale } = modulation; // [B, D] each
  return linear(params, `${scope}.linear`, layerNormModulate(x, shift, scale));
}

function addPositions(params: ParamMap, tokens: Tensor3D): Tensor3D {
  const table = tensor3d(params, "pos_embed"); // [1, T, D]
  const [, count, width] = tokens.shape;
  if (table.shape[1] !== count || table.shape[2] !== width) {
    throw new StudioError(
      "SHAPE_MISMATCH",
      `Parameter "pos_embed" has shape [${table.shape.join(", ")}], expected [1, ${count}, ${width}].`,
      "The weights do not belong to this model: check the size, patch and resolution they were saved for.",
    );
  }
  // tf.add alone would keep the tokens for the backward pass, for their shape only
  return customOp({
    inputs: { tokens },
    constants: { table },
    forward: (given) => ({ value: tf.add<Tensor3D>(given.tokens, given.table), saved: {} }),
    backward: (dy) => ({ tokens: tf.clone(dy) }),
  });
}

function assertInput(shape: TransformerShape, x: Tensor4D, t: Times, y: Tensor1D) {
  const [batch, height, width, channels] = x.shape;
  const fits =
    height === shape.inputSide && width === shape.inputSide && channels === shape.inChannels;
  const times = t instanceof Float32Array ? t.length : t.shape[0];
  if (!fits || times !== batch || y.shape[0] !== batch) {
    throw new StudioError(
      "SHAPE_MISMATCH",
      `The model takes [B, ${shape.inputSide}, ${shape.inputSide}, ${shape.inChannels}] with B times and labels, got [${x.shape.join(", ")}] with ${times} times and ${y.shape[0]} labels.`,
      "The latents were made for another resolution or autoencoder: prepare the data again.",
    );
  }
}

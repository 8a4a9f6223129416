import { StudioError } from "../errors/studioError";
import { sinCosPosEmbed2d } from "../math/posEmbed";
import { normalInit, xavierUniform } from "../nn/init";
import type { SiTShape } from "./sit";

/** A parameter before it is a tensor: float32 values, row-major. */
export interface InitialValue {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}
export type InitialValues = Record<string, InitialValue>;

/** Standard deviation of the label table and of the time embedder's weights. */
const EMBEDDER_STD = 0.02;

/** The only parameters that are fixed: no gradient, no update, no decay; EMA and checkpoints hold them. */
export const isFrozen = (name: string): boolean => name === "pos_embed";

const zeros = (shape: readonly number[]): InitialValue => ({
  shape,
  values: new Float32Array(shape.reduce((product, size) => product * size, 1)),
});

/** Weight [out, in] and zero bias of a linear, Xavier uniform. */
export function xavierLinear(
  seed: number,
  scope: string,
  inDim: number,
  outDim: number,
): InitialValues {
  const name = `${scope}.weight`;
  const values = xavierUniform({ seed, name }, inDim * outDim, inDim, outDim);
  return { [name]: { shape: [outDim, inDim], values }, [`${scope}.bias`]: zeros([outDim]) };
}

function normalLinear(seed: number, scope: string, inDim: number, outDim: number): InitialValues {
  const name = `${scope}.weight`;
  const values = normalInit({ seed, name }, inDim * outDim, EMBEDDER_STD);
  return { [name]: { shape: [outDim, inDim], values }, [`${scope}.bias`]: zeros([outDim]) };
}

const zeroLinear = (scope: string, inDim: number, outDim: number): InitialValues => ({
  [`${scope}.weight`]: zeros([outDim, inDim]),
  [`${scope}.bias`]: zeros([outDim]),
});

function qkNorms(scope: string, headWidth: number): InitialValues {
  const ones = { shape: [headWidth], values: new Float32Array(headWidth).fill(1) };
  return {
    [`${scope}.q_norm.weight`]: ones,
    [`${scope}.q_norm.bias`]: zeros([headWidth]),
    [`${scope}.k_norm.weight`]: ones,
    [`${scope}.k_norm.bias`]: zeros([headWidth]),
  };
}

function initBlock(seed: number, scope: string, shape: SiTShape): InitialValues {
  const { width } = shape;
  const mlpWidth = Math.floor(width * shape.mlpRatio); // Python's int()
  return {
    ...xavierLinear(seed, `${scope}.attn.qkv`, width, 3 * width),
    ...(shape.qkNorm ? qkNorms(`${scope}.attn`, width / shape.numHeads) : {}),
    ...xavierLinear(seed, `${scope}.attn.proj`, width, width),
    ...xavierLinear(seed, `${scope}.mlp.fc1`, width, mlpWidth),
    ...xavierLinear(seed, `${scope}.mlp.fc2`, mlpWidth, width),
    ...zeroLinear(`${scope}.adaLN_modulation.1`, width, 6 * width), // every block starts as the identity
  };
}

function initEmbedders(seed: number, shape: SiTShape): InitialValues {
  const { width, patchSize, inChannels } = shape;
  const side = shape.inputSide / patchSize;
  const patchValues = patchSize * patchSize * inChannels;
  const labelRows = shape.numClasses + ((shape.hasNullClass ?? true) ? 1 : 0);
  const patchName = "x_embedder.proj.weight";
  const tableName = "y_embedder.embedding_table.weight";
  return {
    pos_embed: { shape: [1, side * side, width], values: sinCosPosEmbed2d(width, side) },
    // Xavier on the flattened weight: a patch embedding is a linear map
    [patchName]: {
      shape: [width, inChannels, patchSize, patchSize],
      values: xavierUniform({ seed, name: patchName }, width * patchValues, patchValues, width),
    },
    "x_embedder.proj.bias": zeros([width]),
    ...normalLinear(seed, "t_embedder.mlp.0", shape.frequencySize, width),
    ...normalLinear(seed, "t_embedder.mlp.2", width, width),
    [tableName]: {
      shape: [labelRows, width],
      values: normalInit({ seed, name: tableName }, labelRows * width, EMBEDDER_STD),
    },
  };
}

/**
 * A new SiT's parameters in the reference's order, without projectors; a function of `seed` alone.
 * Linear layers are Xavier uniform with zero bias, embedders N(0, 0.02), adaLN and the head zero.
 * @throws StudioError OUT_OF_RANGE when the heads or the patch do not divide what they must
 * @source sihyun-yu/REPA models/sit.py SiT.initialize_weights
 */
export function initSiT(shape: SiTShape, seed: number): InitialValues {
  assertDivides(shape);
  const { width, patchSize, inChannels, depth } = shape;
  const values = initEmbedders(seed, shape);
  for (let i = 0; i < depth; i++) Object.assign(values, initBlock(seed, `blocks.${i}`, shape));
  return Object.assign(values, {
    ...zeroLinear("final_layer.linear", width, patchSize * patchSize * inChannels),
    ...zeroLinear("final_layer.adaLN_modulation.1", width, 2 * width),
  });
}

function assertDivides({ width, numHeads, inputSide, patchSize }: SiTShape) {
  if (width % numHeads !== 0 || width % 4 !== 0 || inputSide % patchSize !== 0) {
    throw new StudioError(
      "OUT_OF_RANGE",
      `Width ${width} must be a multiple of 4 and of ${numHeads} heads; side ${inputSide} of patch ${patchSize}.`,
      "Change the width, the heads or the patch size.",
    );
  }
}

import { labelRows } from "../../common/config/nullLabel";
import { StudioError } from "../../common/errors/studioError";
import { sinCosPosEmbed2d } from "../../common/math/posEmbed";
import { normalInit, xavierUniform } from "../nn/init";
import { outChannels, type TransformerShape } from "./transformer";

/** A parameter before it is a tensor: float32 values, row-major. */
export interface InitialValue {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}
export type InitialValues = Record<string, InitialValue>;

/** How a parameter starts. Xavier takes a weight as a linear map: first axis out, the others in. */
type InitLaw = "xavier" | "embedder" | "zeros" | "ones" | "positions";
export interface ParameterRule {
  readonly shape: readonly number[];
  readonly law: InitLaw;
}
type ParameterRules = Record<string, ParameterRule>;

/** Standard deviation of the label table and of the time embedder's weights. */
const EMBEDDER_STD = 0.02;

/** The only parameters that are fixed: no gradient, no update, no decay; EMA and checkpoints hold them. */
export const isFrozen = (name: string): boolean => name === "pos_embed";

/** Weight [out, in] and bias [out] of a linear; biases start at zero under every law. */
export const linearRules = (
  scope: string,
  inDim: number,
  outDim: number,
  law: InitLaw = "xavier",
): ParameterRules => ({
  [`${scope}.weight`]: { shape: [outDim, inDim], law },
  [`${scope}.bias`]: { shape: [outDim], law: "zeros" },
});

const normRules = (scope: string, width: number): ParameterRules => ({
  [`${scope}.weight`]: { shape: [width], law: "ones" },
  [`${scope}.bias`]: { shape: [width], law: "zeros" },
});

function embedderRules(shape: TransformerShape): ParameterRules {
  const { width, patchSize, inChannels, frequencySize } = shape;
  const rows = labelRows(shape.numClasses, shape.hasNullClass ?? true);
  const tokens = (shape.inputSide / patchSize) ** 2;
  return {
    pos_embed: { shape: [1, tokens, width], law: "positions" },
    "x_embedder.proj.weight": { shape: [width, inChannels, patchSize, patchSize], law: "xavier" },
    "x_embedder.proj.bias": { shape: [width], law: "zeros" },
    ...linearRules("t_embedder.mlp.0", frequencySize, width, "embedder"),
    ...linearRules("t_embedder.mlp.2", width, width, "embedder"),
    "y_embedder.embedding_table.weight": { shape: [rows, width], law: "embedder" },
  };
}

function blockRules(scope: string, { width, numHeads, mlpRatio, qkNorm }: TransformerShape) {
  const mlpWidth = Math.floor(width * mlpRatio); // Python's int()
  const head = width / numHeads;
  return {
    ...linearRules(`${scope}.attn.qkv`, width, 3 * width),
    ...(qkNorm ? normRules(`${scope}.attn.q_norm`, head) : {}),
    ...(qkNorm ? normRules(`${scope}.attn.k_norm`, head) : {}),
    ...linearRules(`${scope}.attn.proj`, width, width),
    ...linearRules(`${scope}.mlp.fc1`, width, mlpWidth),
    ...linearRules(`${scope}.mlp.fc2`, mlpWidth, width),
    ...linearRules(`${scope}.adaLN_modulation.1`, width, 6 * width, "zeros"), // starts as the identity
  };
}

/**
 * Names, shapes and starting laws of a SiT's or DiT's parameters in the reference's order, without projectors: those of
 * the official state dicts, where the families differ in the rows of the last linear map alone.
 * @throws StudioError OUT_OF_RANGE when the heads or the patch do not divide what they must
 * @source sihyun-yu/REPA models/sit.py SiT.initialize_weights
 */
export function transformerParameters(shape: TransformerShape): ParameterRules {
  assertDivides(shape);
  const { width, patchSize, depth } = shape;
  const rules = embedderRules(shape);
  for (let i = 0; i < depth; i++) Object.assign(rules, blockRules(`blocks.${i}`, shape));
  return Object.assign(rules, {
    ...linearRules(
      "final_layer.linear",
      width,
      patchSize * patchSize * outChannels(shape),
      "zeros",
    ),
    ...linearRules("final_layer.adaLN_modulation.1", width, 2 * width, "zeros"),
  });
}

/** A parameter's first values, from the random stream of `stream` (usually its name). */
export function initialValue({ shape, law }: ParameterRule, seed: number, stream: string) {
  const count = shape.reduce((product, size) => product * size, 1);
  const [outDim = 1] = shape;
  const key = { seed, name: stream };
  switch (law) {
    case "xavier":
      return { shape, values: xavierUniform(key, count, count / outDim, outDim) };
    case "embedder":
      return { shape, values: normalInit(key, count, EMBEDDER_STD) };
    case "zeros":
      return { shape, values: new Float32Array(count) };
    case "ones":
      return { shape, values: new Float32Array(count).fill(1) };
    case "positions": {
      const [, tokens = 0, width = 0] = shape;
      return { shape, values: sinCosPosEmbed2d(width, Math.round(Math.sqrt(tokens))) };
    }
  }
}

/** A new model's parameters, without projectors: a function of shape and seed alone. */
export const initTransformer = (shape: TransformerShape, seed: number): InitialValues =>
  Object.fromEntries(
    Object.entries(transformerParameters(shape)).map(([name, rule]) => [
      name,
      initialValue(rule, seed, name),
    ]),
  );

function assertDivides({ width, numHeads, inputSide, patchSize }: TransformerShape) {
  if (width % numHeads !== 0 || width % 4 !== 0 || inputSide % patchSize !== 0) {
    throw new StudioError(
      "OUT_OF_RANGE",
      `Width ${width} must be a multiple of 4 and of ${numHeads} heads; side ${inputSide} of patch ${patchSize}.`,
      "Change the width, the heads or the patch size.",
    );
  }
}

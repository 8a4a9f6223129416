import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { Activate, ActivateGrad } from "./activateOp";
import { Attention, AttentionGrad } from "./attentionOp";
import { CosineLoss, CosineLossGrad } from "./cosineLossOp";
import { GatedResidual, GatedResidualGrad } from "./gatedResidualOp";
import { Interpolate } from "./interpolateOp";
import { LabelEmbed, LabelEmbedGrad } from "./labelEmbedOp";
import { LayerNormAffine } from "./layerNormAffineOp";
import {
  LayerNormModulate,
  LayerNormModulateGradMod,
  LayerNormModulateGradX,
} from "./layerNormModulateOp";
import { toTensor, type LazyOperand } from "./lazyOperand";
import { Linear, LinearActivated, LinearChunks, LinearGradW, LinearGradX } from "./linearOp";
import {
  runByName,
  type AnyOperation,
  type NamedAttrs,
  type NamedOutputs,
  type NamedTensors,
  type Operation,
} from "./operation";
import { QkNorm, QkNormGrad } from "./qkNormOp";
import { VelocityLoss, VelocityLossGrad } from "./velocityLossOp";

/** One call of an operation with fixed numbers. */
export interface CheckCase {
  /** The operation's name. */
  readonly operation: string;
  readonly registers: AnyOperation;
  readonly operands: readonly (readonly [name: string, operand: LazyOperand])[];
  readonly attrs: NamedAttrs;
  /** Runs the operation on operands on the current backend; the caller's tidy scope owns the outputs. */
  readonly runOn: (inputs: NamedTensors) => Tensor[];
  /** Makes the operands on the current backend and runs the operation; the caller's tidy scope owns everything. */
  readonly run: () => Tensor[];
}

/** Cases, grouped by which settings change the kernels they run. */
export interface CheckCases {
  /** Matrix products: the tile and the precision change them. */
  readonly products: readonly CheckCase[];
  /** Kernels that the kind of the tiles ("register" or "shared") changes, but not their size. */
  readonly byKind: readonly CheckCase[];
  /** Kernels that no setting changes. */
  readonly fixed: readonly CheckCase[];
}

/** An operand whose numbers differ from those of the other operands of a case, by their place. */
type Make = (salt: number) => LazyOperand;

function checkCase<
  Inputs extends NamedTensors,
  Outputs extends NamedOutputs,
  Attrs extends NamedAttrs,
>(
  operation: Operation<Inputs, Outputs, Attrs>,
  operands: { readonly [K in keyof Inputs]: Make },
  attrs: Attrs,
): CheckCase {
  const made = Object.entries<Make>(operands).map(([name, make], salt): [string, LazyOperand] => [
    name,
    make(salt),
  ]);
  const runOn = (inputs: NamedTensors) => runByName(operation, inputs, attrs);
  return {
    operation: operation.name,
    registers: operation,
    operands: made,
    attrs,
    runOn,
    run: () => runOn(Object.fromEntries(made.map(([name, operand]) => [name, toTensor(operand)]))),
  };
}

/** A number in [0, 1), the same every time. The numbers have no pattern that a wrong kernel could match by chance. */
function scattered(i: number, salt: number): number {
  const x = 43758.5453 * Math.sin(12.9898 * (i + 1) + 78.233 * (salt + 1));
  return x - Math.floor(x);
}

const filled =
  (shape: readonly number[], value: (share: number) => number): Make =>
  (salt) => ({
    shape,
    dtype: "float32",
    values: () => {
      const size = tf.util.sizeFromShape([...shape]);
      return Float32Array.from({ length: size }, (_, i) => value(scattered(i, salt)));
    },
  });

/** Numbers between -1 and 1. */
const around0 = (...shape: number[]): Make => filled(shape, (share) => 2 * share - 1);

/** Numbers between 0.5 and 1.5, times `factor`. */
const positive = (factor: number, ...shape: number[]): Make =>
  filled(shape, (share) => factor * (0.5 + share));

const labels =
  (count: number, classes: number): Make =>
  (salt) => ({
    shape: [count],
    dtype: "int32",
    values: () =>
      Int32Array.from({ length: count }, (_, i) => Math.floor(classes * scattered(i, salt))),
  });

/**
 * Rows, inputs and outputs of the linear map. Every product crosses the edge of a 64x64 tile, ends within a tile,
 * and goes through the loop over K at least three times at any depth up to 48, the last time in part.
 */
const [ROWS, IN, OUT] = [132, 100, 136];

/** Rows of a weight gradient that tiles through workgroup memory sum in parts, the last of them shorter. */
const MANY = 300;

/**
 * Gradients far below float16's smallest number, 2^-24: without the power of two that brings them into its range
 * (kernels/linearOp) they would all become zero.
 */
const TINY = 2 ** -26;

/**
 * The matrix products in all three layouts. All terms of a sum have one sign and about one size, so that the error
 * of a correct kernel has a bound (`TOLERANCE` in selfCheck.ts), and one lost or doubled term is larger than it.
 */
const PRODUCTS: readonly CheckCase[] = [
  checkCase(
    Linear,
    { x: positive(1, ROWS, IN), weight: positive(1 / IN, OUT, IN), bias: around0(OUT) },
    {},
  ),
  checkCase(
    LinearActivated,
    { x: positive(1, ROWS, IN), weight: positive(1 / IN, OUT, IN), bias: around0(OUT) },
    { activation: "gelu-tanh" },
  ),
  checkCase(
    LinearChunks,
    { x: positive(1, ROWS, IN), weight: positive(1 / IN, OUT, IN), bias: around0(OUT) },
    { count: 2 },
  ),
  checkCase(
    LinearGradX,
    {
      dy: positive(TINY, ROWS, OUT),
      weight: positive(1, OUT, IN),
      pre: around0(ROWS, IN),
    },
    { activation: "silu" },
  ),
  checkCase(
    LinearGradW,
    {
      dy: positive(TINY, ROWS, OUT),
      x: positive(1, ROWS, IN),
      weight: around0(OUT, IN),
      bias: around0(OUT),
    },
    {},
  ),
  checkCase(
    LinearGradW,
    {
      dy: positive(TINY, MANY, 36),
      x: positive(1, MANY, 20),
      weight: around0(36, 20),
      bias: around0(36),
    },
    {},
  ),
];

/** More columns, four at a time, than a row has threads; more tokens than a column has slices. */
const [BATCH, TOKENS, WIDTH] = [2, 37, 264];
/** One image, two heads of SiT-Nano's width: several threads share a row, and its rows do not fill the last workgroup. */
const [HEADS, HEAD, SEQUENCE] = [2, 32, 70];
const qkNorms = {
  qWeight: around0(HEAD),
  qBias: around0(HEAD),
  kWeight: around0(HEAD),
  kBias: around0(HEAD),
};

const BY_KIND: readonly CheckCase[] = [
  checkCase(
    LayerNormModulate,
    {
      x: around0(BATCH, TOKENS, WIDTH),
      shift: around0(BATCH, WIDTH),
      scale: around0(BATCH, WIDTH),
    },
    { eps: 1e-6 },
  ),
  checkCase(
    LayerNormModulateGradX,
    {
      dy: around0(BATCH, TOKENS, WIDTH),
      x: around0(BATCH, TOKENS, WIDTH),
      stats: positive(1, BATCH, TOKENS, 2),
      scale: around0(BATCH, WIDTH),
    },
    {},
  ),
  checkCase(
    LayerNormModulateGradMod,
    {
      dy: around0(BATCH, TOKENS, WIDTH),
      x: around0(BATCH, TOKENS, WIDTH),
      stats: positive(1, BATCH, TOKENS, 2),
    },
    {},
  ),
  checkCase(
    LayerNormAffine,
    { x: around0(TOKENS, WIDTH), weight: around0(WIDTH), bias: around0(WIDTH) },
    { eps: 1e-6 },
  ),
  checkCase(
    GatedResidualGrad,
    {
      dy: around0(BATCH, TOKENS, WIDTH),
      gate: around0(BATCH, WIDTH),
      update: around0(BATCH, TOKENS, WIDTH),
    },
    {},
  ),
  checkCase(Attention, { qkv: around0(1, SEQUENCE, 3 * HEADS * HEAD) }, { numHeads: HEADS }),
  checkCase(
    AttentionGrad,
    {
      qkv: around0(1, SEQUENCE, 3 * HEADS * HEAD),
      out: around0(1, SEQUENCE, HEADS * HEAD),
      logSumExp: positive(4, 1, HEADS, SEQUENCE), // of 70 scores around 0: near log 70
      dOut: around0(1, SEQUENCE, HEADS * HEAD),
    },
    { numHeads: HEADS },
  ),
  checkCase(
    QkNorm,
    { qkv: around0(1, SEQUENCE, 3 * HEADS * HEAD), ...qkNorms },
    { numHeads: HEADS, eps: 1e-5 },
  ),
  checkCase(
    QkNormGrad,
    {
      dNormed: around0(1, SEQUENCE, 3 * HEADS * HEAD),
      qkv: around0(1, SEQUENCE, 3 * HEADS * HEAD),
      ...qkNorms,
    },
    { numHeads: HEADS, eps: 1e-5 },
  ),
];

/** Values of the velocity loss: more than one workgroup adds up. */
const VALUES = 18_000;

const FIXED: readonly CheckCase[] = [
  checkCase(
    GatedResidual,
    {
      x: around0(BATCH, TOKENS, WIDTH),
      gate: around0(BATCH, WIDTH),
      update: around0(BATCH, TOKENS, WIDTH),
    },
    {},
  ),
  checkCase(Activate, { x: around0(300) }, { activation: "gelu-tanh" }),
  checkCase(Activate, { x: around0(300) }, { activation: "silu" }),
  checkCase(ActivateGrad, { dy: around0(300), x: around0(300) }, { activation: "silu" }),
  checkCase(
    Interpolate,
    { xStar: around0(3, 5, 5, 4), eps: around0(3, 5, 5, 4), coefficients: around0(3, 4) },
    {},
  ),
  checkCase(VelocityLoss, { velocity: around0(2, VALUES / 2), target: around0(2, VALUES / 2) }, {}),
  checkCase(
    VelocityLossGrad,
    { dLoss: positive(1), velocity: around0(2, 300), target: around0(2, 300) },
    {},
  ),
  checkCase(CosineLoss, { features: around0(4, 70, 20), projected: around0(4, 70, 20) }, {}),
  checkCase(
    CosineLossGrad,
    {
      dLoss: positive(1),
      features: around0(4, 70, 20),
      projected: around0(4, 70, 20),
      stats: positive(1, 280, 3),
    },
    {},
  ),
  checkCase(LabelEmbed, { table: around0(7, 20), labels: labels(9, 7) }, {}),
  checkCase(
    LabelEmbedGrad,
    { dy: around0(9, 20), labels: labels(9, 7), table: around0(7, 20) },
    {},
  ),
];

/**
 * Every operation that has a kernel: whoever has a row here is registered (register.ts), checked at the start
 * (selfCheck.ts) and, where check/kernelCases has no wider case, compared with its twin by these numbers.
 */
export const CHECK_CASES: CheckCases = { products: PRODUCTS, byKind: BY_KIND, fixed: FIXED };

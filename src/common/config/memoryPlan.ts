import { autoencoderRow } from "../catalogue/autoencoders";
import { encoderRow } from "../catalogue/encoders";
import { decodeMemory, imagesAtOnce } from "./autoencoderMemory";
import type { Experiment } from "./experiment";
import type { ModelFamily } from "./modelFamily";
import { spaceCost } from "./spaceCost";
import { guidanceInForce, hasNullLabel, labelRows } from "./nullLabel";
import {
  dataShape,
  headChannels,
  latentShape,
  modelShape,
  transformerParameterCount,
  type LatentShape,
  type ModelShape,
} from "./sizes";

/**
 * How much memory a run takes, from its settings alone: what a training step keeps for the backward pass is counted
 * tensor by tensor, so a kernel that keeps more or less is one number in a table here. There are two kinds of steps:
 * the fused, recorded one of WebGPU, and the plain one of wasm and JavaScript, operation by operation.
 */

const FLOAT = 4;
/** Samples drawn, and held-out images passed, at once (src/sessions/run/evaluation.ts). */
const EVALUATION_CHUNK = 32;
const MLP_RATIO = 4;
const TIME_FEATURES = 256;

/** How a step is computed: by fused kernels and recorded (WebGPU), or operation by operation (wasm, JavaScript). */
export type StepKind = "fused" | "plain";

export const stepKindOf = (backend: "webgpu" | "wasm" | "cpu"): StepKind =>
  backend === "webgpu" ? "fused" : "plain";

/** Floats of one tensor: so many times B T D, B T, B H T, B H T T or B D, with B the micro-batch. */
interface TensorSize {
  readonly name: string;
  readonly why: string;
  readonly btd?: number;
  readonly bt?: number;
  readonly bht?: number;
  readonly bhtt?: number;
  readonly bd?: number;
  /** Only in a step of this kind. */
  readonly onlyWith?: StepKind;
}

/**
 * What a block keeps for the backward pass, in the order of the forward pass. The first stays when the rest is recomputed.
 * The same with QK norm: normalised queries and keys are computed again.
 */
export const BLOCK_TENSORS: readonly TensorSize[] = [
  { name: "block input", btd: 1, why: "norm 1 and the residual read it" },
  { name: "adaLN output", bd: 6, why: "shift, scale and gate of both halves, one row an image" },
  { name: "norm 1, modulated", btd: 1, why: "input of qkv" },
  { name: "norm 1 mean and 1/σ", bt: 2, why: "statistics of a token" },
  { name: "qkv", btd: 3, why: "attention's way back computes the scores again from it" },
  { name: "attention output", btd: 1, why: "input of proj" },
  { name: "attention logsumexp", bht: 1, why: "instead of the T × T scores" },
  { name: "proj output", btd: 1, why: "the gate's gradient" },
  { name: "after the first residual", btd: 1, why: "norm 2 and the residual read it" },
  { name: "norm 2, modulated", btd: 1, why: "input of fc1" },
  { name: "norm 2 mean and 1/σ", bt: 2, why: "statistics of a token" },
  { name: "fc1 output", btd: MLP_RATIO, why: "GELU's gradient" },
  { name: "GELU output", btd: MLP_RATIO, onlyWith: "plain", why: "fc2's gradient reads it" },
  { name: "fc2 output", btd: 1, why: "the gate's gradient" },
];

/** The most that is alive beside what was kept during the backward pass of one block. */
export const BLOCK_GRADIENTS: readonly TensorSize[] = [
  { name: "GELU output", btd: MLP_RATIO, why: "computed again: fc2's gradient reads it" },
  { name: "gradient of fc1's output", btd: MLP_RATIO, why: "from fc2, through GELU" },
  { name: "gradient of the residual stream", btd: 1, why: "arrives from the next block" },
  { name: "gradient of the aligned hidden state", btd: 1, why: "waits for its block" },
  { name: "gradient of norm 2's output", btd: 1, why: "from fc1" },
];

/** The same of a plain step, whose operations hold their intermediate results until they are done. */
export const PLAIN_MLP_GRADIENTS: readonly TensorSize[] = [
  { name: "GELU's slope", btd: 14 * MLP_RATIO, why: "intermediate results of one operation" },
  { name: "gradient of fc2's input", btd: MLP_RATIO, why: "before it is multiplied by the slope" },
  { name: "gradient of the residual stream", btd: 1, why: "arrives from the next block" },
  { name: "gradient of the aligned hidden state", btd: 1, why: "waits for its block" },
];
export const PLAIN_ATTENTION_GRADIENTS: readonly TensorSize[] = [
  { name: "scores and their gradients", bhtt: 6, why: "intermediate results of one operation" },
  { name: "q, k, v and their gradients", btd: 17, why: "split by heads, transposed and joined" },
];

/** A projector's inner layers, kept before their SiLU and, in a plain step, after it. */
const PROJECTOR_INNER: Readonly<Record<StepKind, number>> = { fused: 2, plain: 4 };
/** Z-wide tensors kept for an encoder's loss: the projected tokens (the features are an input). */
const PROJECTOR_OUTER = 1;
/** N × N tensors alive at once while NT-Xent is computed, N = tokens of the micro-batch. */
const NT_XENT_MATRICES = 4;

/**
 * Tensors of the size of the latents that are alive at once in the backward pass of a DiT's variational bound, which is computed
 * operation by operation. They are let go before the blocks' backward pass, but a recorded step's buffers of their size serve
 * nothing else.
 */
export const BOUND_LATENTS = 64;
const BOUND_WHY = `${BOUND_LATENTS} tensors of the latents' size in its backward pass`;

/** What the arithmetic needs to know, whatever data set and encoders it comes from. */
export interface PlanInput {
  readonly step: StepKind;
  readonly model: ModelShape & {
    readonly family: ModelFamily;
    readonly patchSize: number;
    readonly qkNorm: boolean;
  };
  readonly latent: LatentShape;
  readonly classes: number;
  readonly hasNullLabel: boolean;
  readonly batchSize: number;
  /** Images that pass the network at once. */
  readonly microBatch: number;
  readonly recompute: boolean;
  readonly objective: Experiment["alignment"]["objective"];
  readonly projectorWidth: number;
  /** Z of each active encoder. */
  readonly featureWidths: readonly number[];
  /** Images evaluated at once, and whether guidance doubles them. */
  readonly evaluated: number;
  readonly guided: boolean;
  /** Whether the gradients of the two losses are ever computed apart. */
  readonly measuresConflict: boolean;
  /** Weights of the frozen networks the trainer holds, and their peak while `evaluated` images pass. */
  readonly frozenBytes: number;
  readonly frozenPeakBytes: number;
}

export type MemoryGroup = "state" | "training" | "evaluation";

export interface MemoryRow {
  readonly group: MemoryGroup;
  readonly name: string;
  readonly bytes: number;
  /** What it is for, and how often. */
  readonly why: string;
}

export interface MemoryPlan {
  /** In the order they come up in a run; evaluation happens between steps, whose buffers stay for the next. */
  readonly rows: readonly MemoryRow[];
  readonly stateBytes: number;
  readonly trainingBytes: number;
  readonly evaluationBytes: number;
  /**
   * All three, where a recorded step keeps its buffers while samples are drawn. In a plain run the larger of a step
   * and an evaluation, which has no gradients beside it.
   */
  readonly peakBytes: number;
  /** The largest single buffer: devices limit those too. */
  readonly largestBuffer: { readonly name: string; readonly bytes: number };
}

interface Axes {
  readonly images: number;
  readonly tokens: number;
  readonly width: number;
  readonly heads: number;
}

const floatsOf = (size: TensorSize, { images, tokens, width, heads }: Axes): number =>
  images *
  ((size.btd ?? 0) * tokens * width +
    (size.bt ?? 0) * tokens +
    (size.bht ?? 0) * heads * tokens +
    (size.bhtt ?? 0) * heads * tokens ** 2 +
    (size.bd ?? 0) * width);

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);

const blockTensors = ({ step }: PlanInput): readonly TensorSize[] =>
  BLOCK_TENSORS.filter(({ onlyWith }) => onlyWith === undefined || onlyWith === step);

const projectorParameters = ({ model, projectorWidth: inner, featureWidths }: PlanInput): number =>
  sum(featureWidths.map((out) => (model.width + 1 + inner + 1 + out) * inner + out));

const tokensOf = ({ latent, model }: PlanInput): number => (latent.side / model.patchSize) ** 2;

/** Numbers of one image's latent. */
const latentValues = ({ latent }: PlanInput): number => latent.side ** 2 * latent.channels;

const row = (group: MemoryGroup, name: string, floats: number, why: string): MemoryRow => ({
  group,
  name,
  bytes: Math.ceil(floats) * FLOAT,
  why,
});

function stateRows(input: PlanInput): MemoryRow[] {
  const { model, latent, classes, hasNullLabel } = input;
  const trained =
    transformerParameterCount({ ...model, channels: latent.channels, classes, hasNullLabel }) +
    projectorParameters(input);
  const all = trained + tokensOf(input) * model.width; // the position table is fixed
  return [
    row("state", "Parameters", all, "the model, its projectors and the position table"),
    row("state", "EMA", all, "what samples are drawn from"),
    row("state", "First moment", trained, "AdamW"),
    row("state", "Second moment", trained, "AdamW"),
    row("state", "Gradients", trained, "of every trained parameter"),
    ...(input.microBatch < input.batchSize
      ? [row("state", "Sum of gradients", trained, "over the micro-batches of a step")]
      : []),
    row(
      "state",
      "Frozen networks",
      input.frozenBytes / FLOAT,
      "autoencoder, network of the feature space",
    ),
  ];
}

function inputRows(input: PlanInput): MemoryRow[] {
  const { batchSize, microBatch, featureWidths } = input;
  const values = latentValues(input);
  const image = 2 * values + tokensOf(input) * sum(featureWidths);
  const copied = microBatch < batchSize ? microBatch : 0;
  return [
    row("training", "Batch", batchSize * image, "latents, noise and target features"),
    ...(copied > 0
      ? [row("training", "Micro-batch", copied * image, "its share of the batch")]
      : []),
    noisedRow(input, microBatch * values),
    ...boundRows(input, microBatch * values),
  ];
}

/** What a step has of the noised latents, of `values` numbers each, until its backward pass. */
function noisedRow({ model }: PlanInput, values: number): MemoryRow {
  return model.family === "dit"
    ? row("training", "Noised latents", 5 * values, "x_t, noise, prediction, variance and error")
    : row("training", "Noised latents", 4 * values, "x_t, v, prediction and error");
}

/** The variational bound of a recorded step; of a plain one it is one of its temporaries. */
function boundRows(input: PlanInput, values: number): MemoryRow[] {
  if (input.model.family !== "dit" || input.step === "plain") return [];
  return [row("training", "Variational bound", BOUND_LATENTS * values, BOUND_WHY)];
}

function blockRows(input: PlanInput, axes: Axes): MemoryRow[] {
  const { depth } = input.model;
  const [blockInput, ...inner] = blockTensors(input);
  const times = (tensor: TensorSize, count: number) =>
    row(
      "training",
      `Blocks: ${tensor.name}`,
      count * floatsOf(tensor, axes),
      count > 1 ? `${tensor.why}; ${count} blocks` : `${tensor.why}; one block`,
    );
  return [
    ...(blockInput ? [times(blockInput, depth)] : []),
    ...inner.map((tensor) => times(tensor, input.recompute ? 1 : depth)),
  ];
}

function headRows(input: PlanInput, axes: Axes): MemoryRow[] {
  const { images, tokens, width } = axes;
  const { model, latent, projectorWidth, featureWidths } = input;
  const patch = model.patchSize ** 2 * latent.channels;
  const predicted = model.patchSize ** 2 * headChannels(model.family, latent.channels);
  const rows = images * tokens;
  return [
    row(
      "training",
      "Embeddings",
      images *
        (tokens * patch + TIME_FEATURES + 6 * width + labelRows(input.classes, input.hasNullLabel)),
      "patches, time and label of every image",
    ),
    row(
      "training",
      "Head",
      rows * (2 * width + 2 + predicted) + 2 * images * width,
      "last hidden state, its norm, predicted patches",
    ),
    ...featureWidths.map((out, i) =>
      row(
        "training",
        featureWidths.length > 1 ? `Projector ${i + 1}` : "Projector",
        rows * (PROJECTOR_INNER[input.step] * projectorWidth + PROJECTOR_OUTER * out),
        `two inner layers of ${projectorWidth}, and its output`,
      ),
    ),
  ];
}

const largest = (rows: readonly [MemoryRow, ...MemoryRow[]]): MemoryRow =>
  rows.reduce((most, next) => (next.bytes > most.bytes ? next : most));

/** The largest of what is alive for a moment only. */
function temporaryRow(input: PlanInput, axes: Axes): MemoryRow {
  const { images, tokens, width } = axes;
  const plain = input.step === "plain";
  const all = (tensors: readonly TensorSize[]) =>
    sum(tensors.map((tensor) => floatsOf(tensor, axes)));
  return largest([
    row(
      "training",
      "Largest temporary",
      all(plain ? PLAIN_MLP_GRADIENTS : BLOCK_GRADIENTS),
      "gradients in the backward pass of one MLP",
    ),
    row(
      "training",
      "Largest temporary",
      plain ? all(PLAIN_ATTENTION_GRADIENTS) : 0,
      "gradients in the backward pass of one attention",
    ),
    row(
      "training",
      "Largest temporary",
      images * tokens * (2 * input.projectorWidth + 2 * width),
      "gradients in the backward pass of a projector",
    ),
    ...(plain && input.model.family === "dit"
      ? [
          row(
            "training",
            "Largest temporary",
            BOUND_LATENTS * images * latentValues(input),
            BOUND_WHY,
          ),
        ]
      : []),
    ...(input.objective === "ntxent"
      ? [
          row(
            "training",
            "Largest temporary",
            NT_XENT_MATRICES * (images * tokens) ** 2,
            `NT-Xent: ${NT_XENT_MATRICES} matrices of all token pairs of the micro-batch`,
          ),
        ]
      : []),
  ]);
}

/** Nothing is kept for a backward pass: one block's tensors, the hidden states, and a frozen network in turn. */
function evaluationRow(input: PlanInput, axes: Axes): MemoryRow {
  const images = input.evaluated * (input.guided ? 2 : 1);
  const now = { ...axes, images };
  const { tokens, width } = axes;
  const block = sum(blockTensors(input).map((tensor) => floatsOf(tensor, now)));
  const hidden = (input.model.depth + 3) * images * tokens * width;
  const scores = input.step === "plain" ? floatsOf({ name: "scores", bhtt: 3, why: "" }, now) : 0;
  const sampling = (block + hidden + scores) * FLOAT;
  return input.frozenPeakBytes > sampling
    ? {
        group: "evaluation",
        name: "Decoding samples",
        bytes: input.frozenPeakBytes,
        why: `${input.evaluated} images at once through a frozen network`,
      }
    : {
        group: "evaluation",
        name: "Drawing samples",
        bytes: sampling,
        why: `${images} at once, all hidden states${input.guided ? ", doubled by guidance" : ""}`,
      };
}

/** A backward pass of its own, beside the recorded step's if there is one, with the gradients of both losses at once. */
function conflictRow(training: readonly MemoryRow[], state: readonly MemoryRow[]): MemoryRow {
  const gradients = state.find(({ name }) => name === "Gradients")?.bytes ?? 0;
  return {
    group: "evaluation",
    name: "Gradient conflict",
    bytes: sum(training.map(({ bytes }) => bytes)) + 2 * gradients,
    why: "between steps: a way back of its own, and both losses' gradients",
  };
}

/** Floats of the largest parameter: states lie in as many buffers as they need, a parameter in one. */
function largestParameter(input: PlanInput): number {
  const { model, classes, projectorWidth, featureWidths } = input;
  const { width } = model;
  const projectors = featureWidths.flatMap((out) => [projectorWidth, width, out]);
  return Math.max(
    6 * width * width, // adaLN
    labelRows(classes, input.hasNullLabel) * width,
    TIME_FEATURES * width,
    ...projectors.map((side) => projectorWidth * side),
  );
}

function largestBuffer(input: PlanInput, axes: Axes) {
  const pairs = (axes.images * axes.tokens) ** 2;
  const rows = axes.images * axes.tokens;
  const candidates = [
    { name: "the largest parameter", bytes: largestParameter(input) * FLOAT },
    { name: "an MLP's inner layer", bytes: rows * MLP_RATIO * axes.width * FLOAT },
    { name: "a projector's inner layer", bytes: rows * input.projectorWidth * FLOAT },
    ...(input.objective === "ntxent"
      ? [{ name: "NT-Xent's matrix of token pairs", bytes: pairs * FLOAT }]
      : []),
  ];
  return candidates.reduce((most, next) => (next.bytes > most.bytes ? next : most));
}

/** The plan of anything that can be described. All sizes in bytes of float32. */
export function planOf(input: PlanInput): MemoryPlan {
  const { width, heads } = input.model;
  const axes: Axes = { images: input.microBatch, tokens: tokensOf(input), width, heads };
  const state = stateRows(input);
  const training = [
    ...inputRows(input),
    ...blockRows(input, axes),
    ...headRows(input, axes),
    temporaryRow(input, axes),
  ];
  const drawing = evaluationRow(input, axes);
  // one after the other, and what one took is given back
  const evaluation = [
    input.measuresConflict ? largest([drawing, conflictRow(training, state)]) : drawing,
  ];
  const total = (rows: readonly MemoryRow[]) => sum(rows.map(({ bytes }) => bytes));
  const stateBytes = total(state);
  const trainingBytes = total(training);
  const evaluationBytes = total(evaluation);
  const gradients = total(state.filter(({ name }) => /gradients$/i.test(name)));
  return {
    rows: [...state, ...training, ...evaluation],
    stateBytes,
    trainingBytes,
    evaluationBytes,
    peakBytes:
      stateBytes +
      (input.step === "fused"
        ? trainingBytes + evaluationBytes
        : Math.max(trainingBytes, evaluationBytes - gradients)),
    largestBuffer: largestBuffer(input, axes),
  };
}

/** What of an experiment decides its memory. A micro-batch that does not divide the batch counts as it stands. */
export function planInput(experiment: Experiment, step: StepKind = "fused"): PlanInput {
  const { model, optimizer, alignment, sampling, evaluation, data, autoencoder } = experiment;
  const { resolution, classes } = dataShape(data);
  const latent = latentShape(experiment);
  const evaluated = Math.min(EVALUATION_CHUNK, Math.max(sampling.gridSize, evaluation.sampleCount));
  const decoder = autoencoderRow(autoencoder.id);
  const tokens = (latent.side / model.patchSize) ** 2;
  const space = spaceCost(evaluation.space);
  return {
    step,
    model: {
      ...modelShape(model),
      family: model.family,
      patchSize: model.patchSize,
      qkNorm: model.qkNorm,
    },
    latent,
    classes,
    hasNullLabel: hasNullLabel(experiment),
    batchSize: optimizer.batchSize,
    microBatch: Math.min(optimizer.microBatch ?? optimizer.batchSize, optimizer.batchSize),
    recompute: optimizer.recompute,
    objective: alignment.objective,
    projectorWidth: alignment.projectorWidth,
    featureWidths: alignment.encoders.map((id) => encoderRow(id).width),
    evaluated,
    guided: guidanceInForce(experiment) > 1,
    measuresConflict: evaluation.conflictEvery > 0,
    frozenBytes: (decoder.parameters + space.parameters) * FLOAT,
    frozenPeakBytes: Math.max(
      decodeMemory(decoder, Math.min(evaluated, imagesAtOnce(decoder, resolution)), resolution)
        .pooledBytes,
      evaluated * space.imageBytes(tokens),
    ),
  };
}

/** The memory plan of an experiment as it would start. */
export const memoryPlan = (experiment: Experiment, step?: StepKind): MemoryPlan =>
  planOf(planInput(experiment, step));

import { z } from "zod";
import { AUTOENCODER_IDS, autoencoderRow } from "../catalogue/autoencoders";
import { ENCODER_IDS, ENCODER_ROWS } from "../catalogue/encoders";
import { FEATURE_SPACE_IDS } from "../catalogue/featureSpaces";
import { INCEPTION_V3 } from "../catalogue/inceptionV3";
import { fieldInfo, groupInfo } from "./fieldInfo";
import { FAMILY_LABELS, MODEL_FAMILIES } from "./modelFamily";

/**
 * The only place where a setting has a type, a range, a default, a unit, a label, its options' labels, a control,
 * a source and its argument of the reference's trainer.
 * Forms, links, presets, the command line and checkpoints are all derived from these schemas.
 * Defaults are the reference's (sihyun-yu/REPA train.py) wherever it has the argument; presets adapt them.
 */

/**
 * Which imported images: what the rest of a configuration (sizes, validation, a link's cost estimate) must know of
 * them before any is read. It is chosen as a whole in the Data view; the built-in images need none.
 */
export const ImportedData = z.strictObject({
  /** SHA-256 of everything that decides the images and their order. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** Where they came from, so that a colleague can import the same: "hub:owner/name@revision/config/split" or "folder:name". */
  source: z.string().min(1).max(300),
  /** Side of the cropped squares, px; what every autoencoder and patch size divides. */
  resolution: z.int().min(8).max(1024).multipleOf(8),
  classes: z.int().min(1).max(100_000),
  images: z.int().min(2).max(10_000_000),
});
export type ImportedData = z.infer<typeof ImportedData>;

/** The labels of catalogue rows, as options. */
const labelsOf = (rows: readonly { readonly id: string; readonly label: string }[]) =>
  Object.fromEntries(rows.map(({ id, label }) => [id, label]));

export const DataConfig = z.strictObject({
  dataset: z
    .enum(["emoji", "imported"])
    .default("emoji")
    .register(fieldInfo, {
      label: "Data set",
      unit: "1",
      source: "Built in: Noto Emoji and Twemoji",
      options: { emoji: "Emoji, built in", imported: "Imported" },
      help: "Built in: 1,906 concepts in two drawing styles at 64 px, nine categories. Imported: a folder, an archive or a data set of the hub, prepared in the Data view.",
    }),
  imported: ImportedData.nullable()
    .default(null)
    .register(fieldInfo, {
      label: "Imported images",
      unit: "1",
      source: "prepared in the Data view, as the reference's dataset_tools.py does",
      help: "Which prepared images: their hash, where they came from, side, classes and number.",
      shownWhen: { setting: "data.dataset", is: "imported" },
    }),
  imageLimit: z
    .int()
    .min(0)
    .max(10_000_000)
    .default(0)
    .register(fieldInfo, {
      label: "Image limit",
      unit: "images",
      source: "0 uses every image",
      help: "Train on the first images of the seeded order only; 0 means all.",
      advanced: true,
      trainer: { fixed: "The trainer uses every image of --data-dir." },
    }),
  startEarly: z
    .boolean()
    .default(false)
    .register(fieldInfo, {
      label: "Start early",
      unit: "1",
      source: "docs/decisions/0023-the-first-minute.md; the reference's images are encoded before",
      help: "Train on the first images while the rest is encoded. The run records at which step which images came in and can be repeated from that, but its batches depend on how fast this machine encoded: to compare runs, switch it off.",
      trainer: { fixed: "The trainer reads images that are all encoded before." },
    }),
  holdOutFraction: z.number().min(0.001).max(0.5).default(0.1).register(fieldInfo, {
    label: "Held-out fraction",
    unit: "1",
    source: "docs/fidelity.md, built-in data",
    help: "Share of concepts (both styles) never trained on; CKNNA is measured on them.",
    advanced: true,
  }),
});

export const AutoencoderConfig = z.strictObject({
  id: z
    .enum(AUTOENCODER_IDS)
    .default("tiny-kl")
    .register(fieldInfo, {
      label: "Autoencoder",
      unit: "1",
      source: "src/common/catalogue/autoencoders.ts; REPA trains on the latents of sd-vae-ft-mse",
      options: labelsOf(AUTOENCODER_IDS.map(autoencoderRow)),
      help: "Turns images into the latents the model learns. Tiny KL is built in; SD-VAE is the paper's and TAESD its small stand-in, both downloaded when asked for.",
    }),
});

/** A SiT has times on a path; a DiT has the steps of a fixed schedule instead. */
const IS_SIT = { setting: "model.family", is: "sit" } as const;
const IS_DIT = { setting: "model.family", is: "dit" } as const;
const CUSTOM_SIZE = { setting: "model.size", is: "custom" } as const;

export const MODEL_SIZES = ["Nano", "Micro", "S", "B", "L", "XL", "custom"] as const;

export const ModelConfig = z.strictObject({
  family: z
    .enum(MODEL_FAMILIES)
    .default("sit")
    .register(fieldInfo, {
      label: "Model family",
      unit: "1",
      source: "SiT (arXiv:2401.08740); DiT (arXiv:2212.09748); the paper aligns both",
      options: FAMILY_LABELS,
      help: "SiT predicts a velocity along a path. DiT predicts the noise of one of 1,000 steps and its variance (improved DDPM). Blocks, sizes and alignment are the same.",
      trainer: { fixed: "The released trainer trains SiT alone; SiT of the same size stands in." },
    }),
  size: z
    .enum(MODEL_SIZES)
    .default("Nano")
    .register(fieldInfo, {
      label: "Size",
      unit: "1",
      source:
        "REPA models/sit.py SiT_models, DiT's are the same; Nano and Micro are ours (src/common/config/sizes.ts)",
      options: {
        Nano: "Nano",
        Micro: "Micro",
        S: "S",
        B: "B",
        L: "L",
        XL: "XL",
        custom: "Custom",
      },
    }),
  width: z.int().min(8).max(4096).multipleOf(4).default(128).register(fieldInfo, {
    label: "Custom width",
    unit: "features",
    source: "used when size is custom",
    shownWhen: CUSTOM_SIZE,
  }),
  depth: z.int().min(1).max(48).default(4).register(fieldInfo, {
    label: "Custom depth",
    unit: "blocks",
    source: "used when size is custom",
    shownWhen: CUSTOM_SIZE,
  }),
  heads: z.int().min(1).max(64).default(4).register(fieldInfo, {
    label: "Custom heads",
    unit: "1",
    source: "used when size is custom",
    shownWhen: CUSTOM_SIZE,
  }),
  patchSize: z
    .union([z.literal(1), z.literal(2), z.literal(4), z.literal(8)])
    .default(2)
    .register(fieldInfo, {
      label: "Patch size",
      unit: "px",
      source: "REPA models/sit.py, /2 models",
      help: "Side of a latent patch; one patch is one token.",
    }),
  qkNorm: z.boolean().default(false).register(fieldInfo, {
    label: "QK norm",
    unit: "1",
    source: "REPA train.py --qk-norm",
  }),
});

export const EncoderId = z.enum(ENCODER_IDS);
export type EncoderId = z.infer<typeof EncoderId>;

export const AlignmentConfig = z.strictObject({
  projCoeff: z
    .number()
    .min(0)
    .max(10)
    .default(0.5)
    .register(fieldInfo, {
      label: "Alignment weight λ",
      unit: "1",
      source: "REPA train.py --proj-coeff; paper Table 2",
      help: "Weight of the alignment loss; 0 is a vanilla SiT or DiT.",
      control: { kind: "slider", max: 2, step: 0.05 },
      live: true,
      short: "λ",
      trainer: { argument: "proj-coeff" },
    }),
  encoderDepth: z
    .int()
    .min(1)
    .max(48)
    .default(8)
    .register(fieldInfo, {
      label: "Alignment depth",
      unit: "blocks",
      source: "REPA train.py --encoder-depth; paper Table 2",
      help: "The hidden state after this block (counted from 1) is aligned.",
      control: { kind: "slider", max: "modelDepth", step: 1 },
      live: true,
      short: "depth",
      trainer: { argument: "encoder-depth" },
    }),
  encoders: z
    .array(EncoderId)
    .min(1)
    .max(3)
    .default(["tiny-vit"])
    .register(fieldInfo, {
      label: "Target encoders",
      unit: "1",
      source: "REPA train.py --enc-type",
      options: labelsOf(ENCODER_ROWS),
      help: "Frozen networks whose patch tokens are the target; several are averaged, each with its own projector.",
      live: true,
    }),
  objective: z
    .enum(["cosine", "ntxent"])
    .default("cosine")
    .register(fieldInfo, {
      label: "Alignment objective",
      unit: "1",
      source: "REPA loss.py; paper Table 2",
      options: { cosine: "Cosine", ntxent: "NT-Xent" },
      help: "Negative cosine similarity, or NT-Xent over all tokens of the batch.",
      live: true,
      trainer: { fixed: "The published trainer has the cosine objective only." },
    }),
  temperature: z
    .number()
    .min(0.01)
    .max(1)
    .default(0.1)
    .register(fieldInfo, {
      label: "NT-Xent temperature τ",
      unit: "1",
      source: "paper, section 3.2 names the objective only; docs/fidelity.md",
      shownWhen: { setting: "alignment.objective", is: "ntxent" },
      live: true,
      short: "τ",
    }),
  projectorWidth: z
    .int()
    .min(8)
    .max(8192)
    .default(2048)
    .register(fieldInfo, {
      label: "Projector width",
      unit: "features",
      source: "REPA models/sit.py projector_dim",
      advanced: true,
      fixedInFork: "It decides the shapes of the projectors in the checkpoint.",
      trainer: {
        fixed: "The trainer's projectors are 2048 wide (projector_dim of models/sit.py).",
      },
    }),
});

export const TransportConfig = z.strictObject({
  path: z
    .enum(["linear", "cosine"])
    .default("linear")
    .register(fieldInfo, {
      label: "Path",
      unit: "1",
      source: "REPA train.py --path-type",
      options: { linear: "Linear", cosine: "Cosine" },
      help: "Interpolant between data (t = 0) and noise (t = 1).",
      shownWhen: IS_SIT,
      fixedInFork: "What the weights predict is the velocity on this path.",
      trainer: { argument: "path-type" },
    }),
  timeLaw: z
    .enum(["uniform", "lognormal"])
    .default("uniform")
    .register(fieldInfo, {
      label: "Time law",
      unit: "1",
      source: "REPA train.py --weighting",
      options: { uniform: "Uniform", lognormal: "Log-normal" },
      help: "Distribution the training times t are drawn from.",
      shownWhen: IS_SIT,
      trainer: { argument: "weighting" },
    }),
});

/** From `npm run precision`; docs/performance-results.md, mixed precision. */
const MIXED_PRECISION_MEASURED =
  "On lavapipe, a software adapter, SiT-Nano: output off by 5.5e-4, gradients by 5.1e-4 (at most 9.1e-4); velocity loss after 200 steps 0.8764, in float32 0.8765.";

export const OptimizerConfig = z.strictObject({
  learningRate: z
    .number()
    .positive()
    .max(0.1)
    .default(1e-4)
    .register(fieldInfo, {
      label: "Learning rate",
      unit: "1",
      source: "REPA train.py --learning-rate",
      trainer: { argument: "learning-rate" },
    }),
  batchSize: z.int().min(1).max(1024).default(256).register(fieldInfo, {
    label: "Batch size",
    unit: "images",
    source: "REPA train.py --batch-size",
    fixedInFork: "Which images a step sees follows from the batch size and the step's number.",
  }),
  microBatch: z
    .int()
    .min(1)
    .max(1024)
    .nullable()
    .default(null)
    .register(fieldInfo, {
      label: "Micro-batch",
      unit: "images",
      source: "REPA train.py --gradient-accumulation-steps is batch size / micro-batch",
      help: "Images that pass the network at once; a step's gradient is the mean over its micro-batches, which takes less memory. The batch is the same. With NT-Xent the candidates of a token are only those of its micro-batch, so the objective changes.",
      control: { kind: "batchDivisors" },
      sameResult: { setting: "alignment.objective", isNot: "ntxent" },
    }),
  recompute: z
    .boolean()
    .default(false)
    .register(fieldInfo, {
      label: "Recompute blocks",
      unit: "1",
      source: "docs/fidelity.md, memory; the reference keeps every activation",
      help: "Recompute blocks in the backward pass: only each block's input is kept, the rest is computed again. Far less memory for about a third more time; the gradients are the same.",
      sameResult: true,
      trainer: { fixed: "The trainer keeps every activation; the gradients are the same." },
    }),
  mixedPrecision: z.boolean().default(false).register(fieldInfo, {
    label: "Mixed precision",
    unit: "1",
    source: "REPA train.py --mixed-precision trains in fp16; off here, so that every device can",
    help: "Matrix products of the training step multiply in float16 and add in float32; weights, gradients, norms, optimiser, samples and metrics stay float32. Faster where the GPU has shader-f16; elsewhere it stays off and the run says so.",
    measured: MIXED_PRECISION_MEASURED,
  }),
  steps: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(400_000)
    .register(fieldInfo, {
      label: "Steps",
      unit: "steps",
      source: "REPA train.py --max-train-steps",
      trainer: { argument: "max-train-steps" },
    }),
  seed: z
    .int()
    .min(0)
    .max(0xffffffff)
    .default(0)
    .register(fieldInfo, {
      label: "Seed",
      unit: "1",
      source: "REPA train.py --seed",
      trainer: { argument: "seed" },
      help: "Same seed, same backend: the same bits.",
    }),
  labelDrop: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .register(fieldInfo, {
      label: "Label drop",
      unit: "1",
      source: "REPA models/sit.py class_dropout_prob",
      help: "Share of labels replaced by the null class, so that guidance can work.",
      advanced: true,
      trainer: {
        fixed: "The trainer drops 0.1 of the labels (class_dropout_prob of models/sit.py).",
      },
    }),
  emaDecay: z
    .number()
    .min(0)
    .max(0.999999)
    .default(0.9999)
    .register(fieldInfo, {
      label: "EMA decay",
      unit: "1",
      source: "REPA train.py update_ema",
      advanced: true,
      trainer: { fixed: "The trainer's EMA decay is 0.9999 (update_ema of train.py)." },
    }),
  maxGradNorm: z
    .number()
    .positive()
    .max(1e6)
    .default(1)
    .register(fieldInfo, {
      label: "Gradient clip",
      unit: "1",
      source: "REPA train.py --max-grad-norm",
      trainer: { argument: "max-grad-norm" },
      advanced: true,
    }),
  weightDecay: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .register(fieldInfo, {
      label: "Weight decay",
      unit: "1",
      source: "REPA train.py --adam-weight-decay",
      trainer: { argument: "adam-weight-decay" },
      advanced: true,
    }),
  beta1: z
    .number()
    .min(0)
    .max(0.9999)
    .default(0.9)
    .register(fieldInfo, {
      label: "AdamW β₁",
      unit: "1",
      source: "REPA train.py --adam-beta1",
      trainer: { argument: "adam-beta1" },
      advanced: true,
    }),
  beta2: z
    .number()
    .min(0)
    .max(0.99999)
    .default(0.999)
    .register(fieldInfo, {
      label: "AdamW β₂",
      unit: "1",
      source: "REPA train.py --adam-beta2",
      trainer: { argument: "adam-beta2" },
      advanced: true,
    }),
});

export const SamplingConfig = z.strictObject({
  solver: z
    .enum(["euler", "heun", "euler-maruyama"])
    .default("euler-maruyama")
    .register(fieldInfo, {
      label: "Solver",
      unit: "1",
      source: "REPA generate.py --mode; paper section 4",
      options: {
        euler: "Euler (ODE)",
        heun: "Heun (ODE)",
        "euler-maruyama": "Euler–Maruyama (SDE)",
      },
      help: "Euler and Heun follow the ODE; Euler-Maruyama the SDE with w(t) = 2t.",
      shownWhen: IS_SIT,
    }),
  ddpmSampler: z
    .enum(["ancestral", "ddim"])
    .default("ancestral")
    .register(fieldInfo, {
      label: "DDPM sampler",
      unit: "1",
      source: "DiT (arXiv:2212.09748) section 4: 250 ancestral steps",
      options: { ancestral: "Ancestral (learned variance)", ddim: "DDIM" },
      help: "Ancestral steps draw from the variance the model has learned; DDIM (arXiv:2010.02502) adds no noise and needs fewer steps. The steps are spaced evenly over the 1,000 of training.",
      shownWhen: IS_DIT,
    }),
  steps: z.int().min(1).max(1000).default(250).register(fieldInfo, {
    label: "Sampling steps",
    unit: "steps",
    source: "REPA generate.py --num-steps",
  }),
  guidanceScale: z.number().min(1).max(20).default(1).register(fieldInfo, {
    label: "Guidance scale",
    unit: "1",
    source: "REPA generate.py --cfg-scale; 1 is none",
  }),
  guidanceLow: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .register(fieldInfo, {
      label: "Guidance from t",
      unit: "1",
      source: "REPA generate.py --guidance-low",
      shownWhen: { setting: "sampling.guidanceScale", above: 1 },
      advanced: true,
    }),
  guidanceHigh: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .register(fieldInfo, {
      label: "Guidance to t",
      unit: "1",
      source: "REPA generate.py --guidance-high",
      shownWhen: { setting: "sampling.guidanceScale", above: 1 },
      advanced: true,
    }),
  guidedChannels: z
    .enum(["all", "first-three"])
    .default("all")
    .register(fieldInfo, {
      label: "Guided channels",
      unit: "1",
      source: "all, as in the paper; the released DiT guides the first three of its four",
      options: { all: "All", "first-three": "First three, as the released DiT" },
      shownWhen: { every: [IS_DIT, { setting: "sampling.guidanceScale", above: 1 }] },
      advanced: true,
    }),
  gridSize: z.int().min(1).max(64).default(16).register(fieldInfo, {
    label: "Samples in the grid",
    unit: "images",
    source: "REPA train.py logs a small grid",
  }),
  noiseSeed: z.int().min(0).max(0xffffffff).default(0).register(fieldInfo, {
    label: "Noise seed",
    unit: "1",
    source: "paper Figure 4: same noise for every model",
    help: "Noise and labels of the grid depend on this alone, so grids of two runs compare tile by tile.",
    advanced: true,
  }),
});

/** Unbiased CKNNA with k = 2, the least, needs as many. */
export const LEAST_HELD_OUT = 4;

export const EvaluationConfig = z.strictObject({
  gridEvery: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(1000)
    .register(fieldInfo, {
      label: "Grid every",
      unit: "steps",
      source: "REPA train.py --sampling-steps, scaled down",
      trainer: { argument: "sampling-steps" },
    }),
  firstGrid: z.int().min(0).max(1_000_000).default(0).register(fieldInfo, {
    label: "Early grid at",
    unit: "steps",
    source: "0 is none; ours, for a first picture within the first minute",
    help: "One grid more, after this step, before those of Grid every.",
    advanced: true,
  }),
  metricsEvery: z.int().min(1).max(1_000_000).default(5000).register(fieldInfo, {
    label: "Metrics every",
    unit: "steps",
    source: "docs/fidelity.md, evaluation",
  }),
  conflictEvery: z.int().min(0).max(1_000_000).default(0).register(fieldInfo, {
    label: "Gradient conflict every",
    unit: "steps",
    source: "0 is off; a measurement of ours, docs/fidelity.md",
    help: "Before every so many steps, the gradients of the denoising loss and of the alignment loss are computed apart and compared block by block. Costs about two steps each time and changes nothing of the run.",
    advanced: true,
  }),
  checkpointEvery: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(1000)
    .register(fieldInfo, {
      label: "Checkpoint every",
      unit: "steps",
      source: "REPA train.py --checkpointing-steps",
      trainer: { argument: "checkpointing-steps" },
    }),
  sampleCount: z.int().min(8).max(50_000).default(256).register(fieldInfo, {
    label: "Samples for KID and Fréchet",
    unit: "images",
    source: "docs/fidelity.md: 256 is the least at which the top-32 distance ranks models",
  }),
  space: z
    .enum(FEATURE_SPACE_IDS)
    .default("tiny-vit")
    .register(fieldInfo, {
      label: "Feature space of KID and Fréchet",
      unit: "1",
      source: "docs/fidelity.md, evaluation; the paper's FID is in Inception's",
      options: labelsOf([...ENCODER_ROWS, INCEPTION_V3]),
      help: "The frozen network samples and training images are compared in, whatever encoder the run aligns with. An encoder is read by the mean of its tokens and needs its features cached. Inception-v3 is FID's network: its weights are a file you make and choose. Numbers of different spaces do not compare.",
    }),
  heldOutCount: z.int().min(LEAST_HELD_OUT).max(10_000).default(256).register(fieldInfo, {
    label: "Held-out images for CKNNA",
    unit: "images",
    source: "paper appendix C.1 uses 10,000; the built-in data has 382",
  }),
  cknnaTime: z.number().min(0.01).max(0.99).default(0.5).register(fieldInfo, {
    label: "Noise level of CKNNA",
    unit: "1",
    source: "public re-runs use t = 0.5 or 0.25; docs/fidelity.md",
    help: "A DiT is measured at the step whose signal-to-noise ratio is nearest to that of t on the linear path.",
    advanced: true,
  }),
  cknnaK: z.int().min(2).max(100).default(10).register(fieldInfo, {
    label: "CKNNA k",
    unit: "neighbours",
    source: "paper appendix C.1",
    advanced: true,
  }),
});

/** One experiment, whole. `Experiment.parse({})` is the reference's setting on the built-in data. */
export const Experiment = z.strictObject({
  data: DataConfig.register(groupInfo, {
    label: "Data",
    place: 6,
    fixedInFork: "Other images, or others held out, would make its figures incomparable.",
  }).prefault({}),
  autoencoder: AutoencoderConfig.register(groupInfo, {
    label: "Autoencoder",
    place: 7,
    fixedInFork: "The weights were trained on its latents.",
  }).prefault({}),
  model: ModelConfig.register(groupInfo, {
    label: "Model",
    place: 2,
    open: true,
    fixedInFork: "It decides the shapes of the weights in the checkpoint.",
  }).prefault({}),
  alignment: AlignmentConfig.register(groupInfo, {
    label: "Alignment",
    place: 1,
    open: true,
  }).prefault({}),
  transport: TransportConfig.register(groupInfo, { label: "Transport", place: 8 }).prefault({}),
  optimizer: OptimizerConfig.register(groupInfo, {
    label: "Optimizer",
    place: 3,
    open: true,
  }).prefault({}),
  sampling: SamplingConfig.register(groupInfo, { label: "Sampling", place: 5 }).prefault({}),
  evaluation: EvaluationConfig.register(groupInfo, { label: "Evaluation", place: 4 }).prefault({}),
});
export type Experiment = z.infer<typeof Experiment>;
export type ExperimentGroup = keyof Experiment;

/** The settings that can be changed during training; all of them belong to the alignment group. */
export const ControlChange = z.strictObject({
  // unwrapped, because a default fills even an optional field: a change must hold only what changed
  projCoeff: AlignmentConfig.shape.projCoeff.unwrap().optional(),
  encoderDepth: AlignmentConfig.shape.encoderDepth.unwrap().optional(),
  encoders: AlignmentConfig.shape.encoders.unwrap().optional(),
  objective: AlignmentConfig.shape.objective.unwrap().optional(),
  temperature: AlignmentConfig.shape.temperature.unwrap().optional(),
});
export type ControlChange = z.infer<typeof ControlChange>;

/** A change and the first step it holds for: with the experiment, enough to reproduce a run. */
export const TimelineEntry = z.strictObject({
  step: z.int().min(0),
  change: ControlChange,
  /** Blocks of images that batches are drawn from, in the order of filling; of a run that started early (imageEntries.ts). */
  images: z.int().min(1).max(1_000_000).optional(),
});
export type TimelineEntry = z.infer<typeof TimelineEntry>;

/** The alignment settings that hold at `step`: the experiment's, with every earlier change applied. */
export function alignmentAt(
  experiment: Experiment,
  timeline: readonly TimelineEntry[],
  step: number,
): Experiment["alignment"] {
  return timeline
    .filter((entry) => entry.step <= step)
    .reduce((alignment, { change }) => withChange(alignment, change), experiment.alignment);
}

/** The alignment after a change. A key without a value is left out, so that the setting stays as it is. */
export function withChange(
  alignment: Experiment["alignment"],
  change: ControlChange,
): Experiment["alignment"] {
  const changed = Object.entries(change).filter(([, value]) => value !== undefined);
  return { ...alignment, ...Object.fromEntries(changed) };
}

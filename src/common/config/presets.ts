import { z } from "zod";
import { StudioError } from "../errors/studioError";
import { Experiment } from "./experiment";

export interface Preset {
  readonly id: string;
  readonly name: string;
  /** What it shows and, for the paper's settings, where it departs from them. */
  readonly description: string;
  readonly experiment: Experiment;
}

type Settings = z.input<typeof Experiment>;

const preset = (id: string, name: string, description: string, settings: Settings): Preset => ({
  id,
  name,
  description,
  experiment: Experiment.parse(settings),
});

/** The laptop setting the small presets share: a first curve in seconds, metrics within minutes. */
const FIRST_MINUTE = {
  alignment: { encoderDepth: 2, projectorWidth: 256 },
  optimizer: { batchSize: 32, learningRate: 1e-3, steps: 2000, emaDecay: 0.99 },
  sampling: { solver: "euler", steps: 20, gridSize: 16 },
  evaluation: {
    firstGrid: 10,
    gridEvery: 100,
    metricsEvery: 250,
    checkpointEvery: 250,
    sampleCount: 256,
    heldOutCount: 256,
  },
} as const satisfies Settings;

const aligned = (alignment: Settings["alignment"]): Settings => ({
  ...FIRST_MINUTE,
  alignment: { ...FIRST_MINUTE.alignment, ...alignment },
});

/** The pair of docs/results.md: First minute's model and images, another target and weight, and its first 500 steps. */
const pairWith = (projCoeff: number): Settings => ({
  ...aligned({ encoders: ["tiny-vit-2"], projCoeff }),
  optimizer: { ...FIRST_MINUTE.optimizer, steps: 500 },
  evaluation: { ...FIRST_MINUTE.evaluation, gridEvery: 125, metricsEvery: 125 },
});

const NOT_THE_PAPERS =
  "Model, encoder, objective and optimiser are the paper's; images and autoencoder are the built-in ones (16x16x4 " +
  "latents instead of ImageNet's 32x32x4) until imported 256 px images and the SD-VAE are chosen.";

/**
 * Every preset, the default first.
 * @source paper, appendix D (SiT-B, SiT-L, SiT-XL of Table 3). Alignment depth 4 for SiT-B is its authors'
 * answer in sihyun-yu/REPA issue 12; the appendix prints 8 in that column and 4 under Figure 3. DiT-XL's length is Table 3's.
 */
export const PRESETS: readonly Preset[] = [
  preset(
    "first-minute",
    "First minute",
    "SiT-Nano on the built-in emoji, aligned with the tiny encoder after block 2. Settings are ours, for a laptop: learning rate, EMA and projector width differ from the paper's. It starts on the first images while the rest is encoded; the presets to compare with wait for all of them, so switch Start early off before you compare.",
    { ...FIRST_MINUTE, data: { startEarly: true } },
  ),
  preset(
    "vanilla",
    "Vanilla (λ = 0)",
    "First minute without alignment: the baseline to compare with. Same seed, same batches, same noise.",
    aligned({ projCoeff: 0 }),
  ),
  preset(
    "repa-against-vanilla",
    "REPA against vanilla",
    'First minute with the second built-in encoder and λ = 2, for 500 steps: the setting in which alignment and no alignment were told apart over five seeds (docs/results.md). "Train vanilla and REPA" trains both; one pair alone is less sure. With an untrained encoder as the target two thirds of the gain in KID are there as well.',
    pairWith(2),
  ),
  preset(
    "repa-against-vanilla-0",
    "REPA against vanilla, λ = 0",
    "The vanilla half of that pair alone.",
    pairWith(0),
  ),
  preset(
    "ntxent",
    "NT-Xent objective",
    "First minute with the contrastive objective. Compare with First minute, or switch the objective while it trains.",
    aligned({ objective: "ntxent" }),
  ),
  preset(
    "untrained-encoder",
    "Untrained encoder",
    "First minute aligned with the tiny encoder before its training: a control. What it gains over Vanilla is not owed to learned features.",
    aligned({ encoders: ["tiny-vit-untrained"] }),
  ),
  preset(
    "dit-first-minute",
    "DiT, first minute",
    "First minute with a DiT in place of the SiT: it predicts the noise of a step and its variance, and draws samples in as many steps, by DDIM. Same seed, same images, same noise.",
    {
      ...FIRST_MINUTE,
      data: { startEarly: true },
      model: { family: "dit" },
      sampling: { ...FIRST_MINUTE.sampling, ddpmSampler: "ddim" },
    },
  ),
  preset(
    "paper-b2",
    "Paper SiT-B/2",
    `REPA on SiT-B/2: depth 4, cosine, 400,000 steps of 256, aligned with DINOv2-B. ${NOT_THE_PAPERS} Needs a strong GPU.`,
    {
      model: { size: "B" },
      alignment: { encoderDepth: 4, encoders: ["dinov2-b"] },
      optimizer: { steps: 400_000 },
    },
  ),
  preset(
    "paper-l2",
    "Paper SiT-L/2",
    `REPA on SiT-L/2: depth 8, NT-Xent, 700,000 steps of 256, aligned with DINOv2-L; the paper gives no temperature. ${NOT_THE_PAPERS} Needs a strong GPU.`,
    {
      model: { size: "L" },
      alignment: { encoderDepth: 8, objective: "ntxent", encoders: ["dinov2-l"] },
      optimizer: { steps: 700_000 },
    },
  ),
  preset(
    "paper-xl2",
    "Paper SiT-XL/2",
    `REPA on SiT-XL/2: depth 8, cosine, 4,000,000 steps of 256, aligned with DINOv2-B. ${NOT_THE_PAPERS} Needs a strong GPU.`,
    {
      model: { size: "XL" },
      alignment: { encoderDepth: 8, encoders: ["dinov2-b"] },
      optimizer: { steps: 4_000_000 },
    },
  ),
  preset(
    "paper-dit-xl2",
    "Paper DiT-XL/2",
    `REPA on DiT-XL/2: 850,000 steps of 256 as in Table 3, 250 ancestral sampling steps; depth 8, cosine and DINOv2-B are those of SiT-XL/2, because the appendix lists SiT alone. ${NOT_THE_PAPERS} Needs a strong GPU.`,
    {
      model: { family: "dit", size: "XL" },
      alignment: { encoderDepth: 8, encoders: ["dinov2-b"] },
      optimizer: { steps: 850_000 },
    },
  ),
  preset(
    "tiny",
    "Tiny",
    "Forty steps of a two-block model on the pixels of 24 images: for tests and very slow machines. Its samples and metrics mean nothing.",
    {
      data: { imageLimit: 24, holdOutFraction: 0.0045 },
      autoencoder: { id: "pixels" },
      model: { size: "custom", width: 32, depth: 2, heads: 2, patchSize: 8 },
      alignment: { encoderDepth: 1, projectorWidth: 32 },
      optimizer: { batchSize: 4, learningRate: 1e-3, steps: 40, emaDecay: 0.9 },
      sampling: { solver: "euler", steps: 2, gridSize: 4 },
      evaluation: {
        gridEvery: 10,
        metricsEvery: 10,
        checkpointEvery: 10,
        sampleCount: 16,
        heldOutCount: 16,
        cknnaK: 4,
      },
    },
  ),
];

/** @throws StudioError BAD_CONFIG naming the presets there are */
export function presetById(id: string): Preset {
  const named = PRESETS.find((candidate) => candidate.id === id);
  if (named) return named;
  throw new StudioError(
    "BAD_CONFIG",
    `There is no preset "${id}".`,
    `Choose one of ${PRESETS.map((candidate) => candidate.id).join(", ")}.`,
  );
}

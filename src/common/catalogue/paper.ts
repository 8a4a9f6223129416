/**
 * The tables of the REPA paper, "Representation Alignment for Generation" (arXiv:2410.06940), as data, to be shown
 * beside a user's own curves and always marked with `PAPER_MARK`: other images, other sizes, other sample counts.
 *
 * Numbers of tables are the paper's, taken from the order of the tables and from the headings of Table 6. Left out:
 * Table 6 (hyper-parameters; its columns contradict appendix G about the depth for SiT-B) and all figures, of which
 * the text gives no numbers.
 */

/** Beside every number of this file that is shown. */
export const PAPER_MARK = "ImageNet 256, paper";

export const PAPER_SOURCE = {
  title:
    "Representation Alignment for Generation: Training Diffusion Transformers Is Easier Than You Think",
  arxiv: "2410.06940",
  data: "ImageNet, 256 x 256 px, class-conditional",
  /** Sec. 4.1: samples behind every value, sampler and evaluations of the network an image. */
  samples: 50_000,
  sampler: "SDE Euler-Maruyama",
  sampleSteps: 250,
  /** Sec. 4.1. An epoch is 1,281,167 images, so 5,005 of these steps. */
  batchSize: 256,
} as const;

/** Metrics the paper prints, in the order of its columns. */
export const PAPER_METRIC_IDS = [
  "fid",
  "sfid",
  "inceptionScore",
  "precision",
  "recall",
  "probeAccuracy",
] as const;
export type PaperMetric = (typeof PAPER_METRIC_IDS)[number];

/** How a column is called and read. */
export interface PaperMetricInfo {
  readonly label: string;
  readonly unit: string;
  readonly better: "lower" | "higher";
}

export const PAPER_METRICS: Readonly<Record<PaperMetric, PaperMetricInfo>> = {
  fid: { label: "FID", unit: "squared Inception feature units", better: "lower" },
  sfid: { label: "sFID", unit: "squared Inception feature units", better: "lower" },
  inceptionScore: { label: "IS", unit: "effective classes", better: "higher" },
  precision: { label: "Precision", unit: "share", better: "higher" },
  recall: { label: "Recall", unit: "share", better: "higher" },
  probeAccuracy: { label: "Linear probing accuracy", unit: "%", better: "higher" },
};

/** null where the paper prints none. */
export type PaperScores = Readonly<Record<PaperMetric, number | null>>;

const scores = (
  fid: number,
  sfid: number | null,
  inceptionScore: number | null,
  precision: number | null,
  recall: number | null,
  probeAccuracy: number | null = null,
): PaperScores => ({ fid, sfid, inceptionScore, precision, recall, probeAccuracy });

/** A table with where it stands in the paper. */
export interface PaperTable<Row> {
  readonly table: number;
  readonly section: string;
  readonly title: string;
  readonly rows: readonly Row[];
}

const K = 1000;
const M = 1_000_000;

/** What a block of Table 2 varies; the baseline stands above all of them. */
export type ComponentStudy = "baseline" | "target" | "targetSize" | "depth" | "objective";

export interface ComponentRow {
  readonly study: ComponentStudy;
  readonly iterations: number;
  /** The frozen encoder as the paper names it; null without alignment. */
  readonly target: string | null;
  /** Block whose hidden state is aligned, counted from 1. */
  readonly depth: number | null;
  readonly objective: "NT-Xent" | "cosine" | null;
  readonly scores: PaperScores;
}

const aligned = (
  study: ComponentStudy,
  target: string,
  depth: number,
  printed: PaperScores,
  objective: "NT-Xent" | "cosine" = "NT-Xent",
): ComponentRow => ({ study, iterations: 400 * K, target, depth, objective, scores: printed });

/** The row every block of Table 2 repeats. */
const DINOV2_L = scores(10.0, 5.09, 106.6, 0.68, 0.65, 68.1);

/** SiT-L/2, no guidance. */
export const COMPONENT_ANALYSIS: PaperTable<ComponentRow> = {
  table: 2,
  section: "4.2",
  title: "Component-wise analysis, SiT-L/2, no classifier-free guidance",
  rows: [
    {
      study: "baseline",
      iterations: 400 * K,
      target: null,
      depth: null,
      objective: null,
      scores: scores(18.8, 5.29, 72.0, 0.64, 0.64),
    },
    aligned("target", "MAE-L", 8, scores(12.5, 4.89, 90.7, 0.68, 0.63, 57.3)),
    aligned("target", "DINO-B", 8, scores(11.9, 5.0, 92.9, 0.68, 0.63, 59.3)),
    aligned("target", "MoCov3-L", 8, scores(11.9, 5.06, 92.2, 0.68, 0.64, 63.0)),
    aligned("target", "I-JEPA-H", 8, scores(11.6, 5.21, 98.0, 0.68, 0.64, 62.1)),
    aligned("target", "CLIP-L", 8, scores(11.0, 5.25, 100.4, 0.67, 0.66, 67.2)),
    aligned("target", "DINOv2-L", 8, DINOV2_L),
    aligned("targetSize", "DINOv2-B", 8, scores(9.7, 5.13, 107.5, 0.69, 0.64, 65.7)),
    aligned("targetSize", "DINOv2-L", 8, DINOV2_L),
    aligned("targetSize", "DINOv2-g", 8, scores(9.8, 5.22, 108.9, 0.69, 0.64, 65.7)),
    aligned("depth", "DINOv2-L", 6, scores(10.3, 5.23, 106.5, 0.69, 0.65, 66.2)),
    aligned("depth", "DINOv2-L", 8, DINOV2_L),
    aligned("depth", "DINOv2-L", 10, scores(10.5, 5.5, 105.0, 0.68, 0.65, 68.6)),
    aligned("depth", "DINOv2-L", 12, scores(11.2, 5.14, 100.2, 0.68, 0.64, 69.4)),
    aligned("depth", "DINOv2-L", 14, scores(11.6, 5.61, 99.5, 0.67, 0.65, 70.0)),
    aligned("depth", "DINOv2-L", 16, scores(12.1, 5.34, 96.1, 0.67, 0.64, 71.1)),
    aligned("objective", "DINOv2-L", 8, DINOV2_L),
    aligned("objective", "DINOv2-L", 8, scores(9.9, 5.34, 111.9, 0.68, 0.65, 68.2), "cosine"),
  ],
};

export interface ModelScaleRow {
  readonly model: string;
  readonly aligned: boolean;
  readonly parameters: number;
  readonly iterations: number;
  readonly fid: number;
}

const trained = (
  model: string,
  isAligned: boolean,
  parameters: number,
  iterations: number,
  fid: number,
): ModelScaleRow => ({ model, aligned: isAligned, parameters, iterations, fid });

export const MODEL_SCALE: PaperTable<ModelScaleRow> = {
  table: 3,
  section: "4.3",
  title: "Vanilla and aligned DiT and SiT by size and training length, no guidance",
  rows: [
    trained("DiT-L/2", false, 458 * M, 400 * K, 23.3),
    trained("DiT-L/2", true, 458 * M, 400 * K, 15.6),
    trained("DiT-XL/2", false, 675 * M, 400 * K, 19.5),
    trained("DiT-XL/2", true, 675 * M, 400 * K, 12.3),
    trained("DiT-XL/2", false, 675 * M, 7 * M, 9.6),
    trained("DiT-XL/2", true, 675 * M, 850 * K, 9.6),
    trained("SiT-B/2", false, 130 * M, 400 * K, 33.0),
    trained("SiT-B/2", true, 130 * M, 400 * K, 24.4),
    trained("SiT-L/2", false, 458 * M, 400 * K, 18.8),
    trained("SiT-L/2", true, 458 * M, 400 * K, 9.7),
    trained("SiT-L/2", true, 458 * M, 700 * K, 8.4),
    trained("SiT-XL/2", false, 675 * M, 400 * K, 17.2),
    trained("SiT-XL/2", true, 675 * M, 150 * K, 13.6),
    trained("SiT-XL/2", false, 675 * M, 7 * M, 8.3),
    trained("SiT-XL/2", true, 675 * M, 400 * K, 7.9),
    trained("SiT-XL/2", true, 675 * M, 1 * M, 6.4),
    trained("SiT-XL/2", true, 675 * M, 4 * M, 5.9),
  ],
};

export type Approach =
  | "Pixel diffusion"
  | "Latent diffusion, U-Net"
  | "Latent diffusion, Transformer + U-Net hybrid"
  | "Latent diffusion, Transformer";

export interface SystemRow {
  readonly approach: Approach;
  readonly model: string;
  readonly aligned: boolean;
  /** null where the paper prints none. */
  readonly epochs: number | null;
  /** Marked * in the table; for REPA its text says: classifier-free guidance within an interval of times. */
  readonly marked: boolean;
  readonly scores: PaperScores;
}

const system = (
  approach: Approach,
  model: string,
  epochs: number | null,
  printed: PaperScores,
  { isAligned = false, marked = false } = {},
): SystemRow => ({ approach, model, aligned: isAligned, epochs, marked, scores: printed });

const HYBRID = "Latent diffusion, Transformer + U-Net hybrid";
const TRANSFORMER = "Latent diffusion, Transformer";

export const SYSTEM_LEVEL: PaperTable<SystemRow> = {
  table: 4,
  section: "4.3",
  title: "System-level comparison with classifier-free guidance",
  rows: [
    system("Pixel diffusion", "ADM-U", 400, scores(3.94, 6.14, 186.7, 0.82, 0.52)),
    system("Pixel diffusion", "VDM++", 560, scores(2.4, null, 225.3, null, null)),
    system("Pixel diffusion", "Simple diffusion", 800, scores(2.77, null, 211.8, null, null)),
    system("Pixel diffusion", "CDM", 2160, scores(4.88, null, 158.7, null, null)),
    system("Latent diffusion, U-Net", "LDM-4", 200, scores(3.6, null, 247.7, 0.87, 0.48)),
    system(HYBRID, "U-ViT-H/2", 240, scores(2.29, 5.68, 263.9, 0.82, 0.57)),
    system(HYBRID, "DiffiT", null, scores(1.73, null, 276.5, 0.8, 0.62), { marked: true }),
    system(HYBRID, "MDTv2-XL/2", 1080, scores(1.58, 4.52, 314.7, 0.79, 0.65), { marked: true }),
    system(TRANSFORMER, "MaskDiT", 1600, scores(2.28, 5.67, 276.6, 0.8, 0.61)),
    system(TRANSFORMER, "SD-DiT", 480, scores(3.23, null, null, null, null)),
    system(TRANSFORMER, "DiT-XL/2", 1400, scores(2.27, 4.6, 278.2, 0.83, 0.57)),
    system(TRANSFORMER, "SiT-XL/2", 1400, scores(2.06, 4.5, 270.3, 0.82, 0.59)),
    system(TRANSFORMER, "SiT-XL/2 + REPA", 200, scores(1.96, 4.49, 264.0, 0.82, 0.6), {
      isAligned: true,
    }),
    system(TRANSFORMER, "SiT-XL/2 + REPA", 800, scores(1.8, 4.5, 284.0, 0.81, 0.61), {
      isAligned: true,
    }),
    system(TRANSFORMER, "SiT-XL/2 + REPA", 800, scores(1.42, 4.7, 305.7, 0.8, 0.65), {
      isAligned: true,
      marked: true,
    }),
  ],
};

export interface LambdaRow {
  /** λ, the weight of the alignment loss. */
  readonly projCoeff: number;
  readonly fid: number;
  readonly inceptionScore: number;
}

export const LAMBDA: PaperTable<LambdaRow> = {
  table: 5,
  section: "4.4",
  title: "Effect of λ, SiT-XL/2 at 400K iterations, no guidance",
  rows: [
    { projCoeff: 0.25, fid: 8.6, inceptionScore: 118.6 },
    { projCoeff: 0.5, fid: 7.9, inceptionScore: 122.6 },
    { projCoeff: 0.75, fid: 7.8, inceptionScore: 124.4 },
    { projCoeff: 1, fid: 7.8, inceptionScore: 124.8 },
  ],
};

export interface TrainingRow {
  readonly model: string;
  readonly aligned: boolean;
  readonly iterations: number;
  readonly scores: PaperScores;
}

const after = (
  model: string,
  isAligned: boolean,
  iterations: number,
  printed: PaperScores,
): TrainingRow => ({ model, aligned: isAligned, iterations, scores: printed });

/** DINOv2-B, λ = 0.5, cosine: SiT-L/2 at 400K is therefore not Table 3's (NT-Xent: FID 9.7 there, 10.0 here). */
export const TRAINING_COURSE: PaperTable<TrainingRow> = {
  table: 7,
  section: "G",
  title: "SiT with DINOv2-B by training length, λ = 0.5, cosine similarity, no guidance",
  rows: [
    after("SiT-B/2", false, 400 * K, scores(33.0, 6.46, 43.7, 0.53, 0.63)),
    after("SiT-B/2", true, 50 * K, scores(78.2, 11.71, 17.1, 0.33, 0.48, 43.2)),
    after("SiT-B/2", true, 100 * K, scores(49.5, 7.0, 27.5, 0.46, 0.59, 50.9)),
    // the accuracy is printed twice, at 100K and 200K; one of them is likely a slip of the paper
    after("SiT-B/2", true, 200 * K, scores(33.2, 6.68, 43.7, 0.54, 0.63, 50.9)),
    after("SiT-B/2", true, 400 * K, scores(24.4, 6.4, 59.9, 0.59, 0.65, 61.2)),
    after("SiT-L/2", false, 400 * K, scores(18.8, 5.29, 72.0, 0.64, 0.64)),
    after("SiT-L/2", true, 50 * K, scores(55.4, 24.0, 23.0, 0.43, 0.53, 55.3)),
    after("SiT-L/2", true, 100 * K, scores(24.1, 6.25, 55.7, 0.62, 0.6, 61.8)),
    after("SiT-L/2", true, 200 * K, scores(14.0, 5.18, 86.5, 0.67, 0.64, 66.3)),
    after("SiT-L/2", true, 400 * K, scores(10.0, 5.2, 109.2, 0.69, 0.65, 69.4)),
    after("SiT-XL/2", false, 7 * M, scores(8.3, 6.32, 131.7, 0.68, 0.67)),
    after("SiT-XL/2", true, 50 * K, scores(52.3, 31.24, 24.3, 0.45, 0.53, 56.1)),
    after("SiT-XL/2", true, 100 * K, scores(19.4, 6.06, 67.4, 0.64, 0.61, 62.9)),
    after("SiT-XL/2", true, 200 * K, scores(11.1, 5.05, 100.4, 0.69, 0.64, 67.3)),
    after("SiT-XL/2", true, 400 * K, scores(7.9, 5.06, 122.6, 0.7, 0.65, 70.3)),
    after("SiT-XL/2", true, 4 * M, scores(5.9, 5.73, 157.8, 0.7, 0.69, 74.6)),
  ],
};

export interface GuidanceRow {
  readonly aligned: boolean;
  readonly iterations: number;
  /** w of classifier-free guidance. */
  readonly scale: number;
  /** Times at which it holds; t = 0 is data, t = 1 is noise. */
  readonly interval: readonly [from: number, to: number];
  readonly scores: PaperScores;
}

const VANILLA_GUIDED: GuidanceRow = {
  aligned: false,
  iterations: 7 * M,
  scale: 1.5,
  interval: [0, 1],
  scores: scores(2.06, 4.5, 270.3, 0.82, 0.59),
};

const guided = (scale: number, to: number, printed: PaperScores): GuidanceRow => ({
  aligned: true,
  iterations: 4 * M,
  scale,
  interval: [0, to],
  scores: printed,
});

export const GUIDANCE_SCALE: PaperTable<GuidanceRow> = {
  table: 8,
  section: "G",
  title: "SiT-XL/2 by guidance scale",
  rows: [
    VANILLA_GUIDED,
    guided(1.3, 1, scores(1.8, 4.55, 268.6, 0.8, 0.63)),
    guided(1.325, 1, scores(1.79, 4.51, 276.8, 0.81, 0.62)),
    guided(1.35, 1, scores(1.8, 4.5, 284.0, 0.81, 0.61)),
    guided(1.375, 1, scores(1.84, 4.48, 291.7, 0.82, 0.61)),
    guided(1.4, 1, scores(1.9, 4.48, 297.5, 0.82, 0.6)),
  ],
};

export const GUIDANCE_INTERVAL: PaperTable<GuidanceRow> = {
  table: 9,
  section: "G",
  title: "SiT-XL/2 by guidance interval",
  rows: [
    VANILLA_GUIDED,
    guided(2, 0.8, scores(2.23, 4.4, 360.9, 0.84, 0.6)),
    guided(2, 0.75, scores(1.78, 4.5, 346.2, 0.82, 0.62)),
    guided(2, 0.7, scores(1.48, 4.67, 324.0, 0.82, 0.62)),
    guided(2, 0.65, scores(1.44, 4.88, 308.8, 0.79, 0.65)),
    guided(2, 0.6, scores(1.56, 5.11, 290.7, 0.78, 0.66)),
    guided(1.9, 0.7, scores(1.45, 4.68, 317.6, 0.8, 0.64)),
    // its recall is 0.65 in Table 4
    guided(1.8, 0.7, scores(1.42, 4.7, 305.7, 0.8, 0.64)),
  ],
};

/**
 * What a run measures while it trains, one row a metric. From a row follow the value's place in events, stored logs and
 * metrics.jsonl, its chart, its CSV columns, the text of a headless run and the range of reference runs. What computes
 * the value is the only other place that knows it (docs/architecture.md).
 *
 * An `id` and a column is never renamed: logs of earlier versions have them. A row added later says so (`later`).
 */

/** How a chart speaks of a metric. A text may name a value of the newest measurement: "{sampleCount} samples". */
export interface MetricChart {
  readonly title: string;
  /** In place of `title` once there is a measurement. */
  readonly measuredTitle?: string;
  /** What it says to a person who has not read the paper. */
  readonly about: string;
  /** Where the paper speaks of it; absent where it does not. */
  readonly inPaper?: string;
  /** What the numbers are, under the chart. */
  readonly note: string;
  /** In place of `note` once there is a measurement. */
  readonly measuredNote?: string;
  /** Where the value axis starts: at the lowest value, at zero, or at fixed ends. */
  readonly axis: "data" | "zero" | readonly [low: number, high: number];
  /** Name of one of the page's chart colours; absent, a colour of the series. */
  readonly color?: string;
  /** A horizontal line: what the values are read against. */
  readonly level?: { readonly value: number; readonly label: string };
  /** Over the whole width of the page. */
  readonly wide?: true;
}

/** What every live metric says of itself. */
export interface LiveMetric<Id extends string = string> {
  /** Key of the value in events, stored logs, metrics.jsonl and reference bands. */
  readonly id: Id;
  /** In labels and sentences: "KID" of "KID by training step". */
  readonly name: string;
  readonly unit: string;
  readonly better: "lower" | "higher" | null;
  /** Definition: a paper, or a reference's file. */
  readonly source: string;
  /** Its column in CSV files; absent, the id. */
  readonly csv?: string;
  /** Logs stored before this row was added have no value. */
  readonly later?: true;
  /** Absent: the metric is in logs and exports alone. */
  readonly chart?: MetricChart;
  /** Reference bands hold its range over the runs (`npm run bands`). */
  readonly band?: true;
}

/** Measured at every step, by the step itself. */
export interface StepMetric<Id extends string = string> extends LiveMetric<Id> {
  /** In a headless run's lines: "loss 0.5000". Absent: not in them. */
  readonly word?: string;
}

/** Measured at every evaluation on EMA samples, in one feature space. */
export interface SampleMetric<
  Id extends string = string,
  Beside extends string = string,
> extends LiveMetric<Id> {
  /** Numbers recorded with the value, in the order of their columns. */
  readonly beside: readonly Beside[];
  /** Which of `beside` are the ends of the value's 95 % interval. */
  readonly interval?: readonly [low: Beside, high: Beside];
  /** Which of `beside` is the value of real images against real ones. */
  readonly floor?: { readonly id: Beside; readonly label: string };
  /** The paper's metric that is told with it, in words. */
  readonly paper?: "fid";
}

/** Measured at every evaluation for each block against one encoder, on held-out images. */
export interface LayerMetric<Id extends string = string> extends LiveMetric<Id> {
  /** The record's chance level is one of this metric. */
  readonly hasChance?: true;
}

/**
 * Every logged number of a step in the order a training step returns them. The first is stored as `velocityLoss` since there was
 * SiT alone; it is the diffusion loss of both families.
 */
const STEP_ROWS = [
  {
    id: "velocityLoss",
    name: "Denoising loss",
    unit: "squared latent units",
    better: "lower",
    source:
      "SiT (arXiv:2401.08740) Eq. 1; sihyun-yu/REPA loss.py SILoss.__call__; of a DiT REPA's Eq. 10 to 12",
    chart: {
      title: "Denoising loss",
      about:
        "How far the network's guess is from the truth on the images of each step: what training makes small. It falls fast and then hardly moves, while samples still get better.",
      inPaper: "Section 2, Appendix A",
      note: "Batch mean: of a SiT |v − v*|², of a DiT |ε − ε*|² plus the variational bound",
      axis: "data",
      color: "velocity",
    },
    band: true,
    word: "loss",
  },
  {
    id: "projLoss",
    name: "Alignment loss",
    unit: "1",
    better: "lower",
    source: "REPA (arXiv:2410.06940) Eq. 8; sihyun-yu/REPA loss.py, proj_loss",
    chart: {
      title: "Alignment loss",
      about:
        "How much the states of the aligned block, seen through the projector, look like what the frozen encoder sees in the clean image. REPA adds this, times λ, to the denoising loss.",
      inPaper: "Section 3.3, Eq. 8",
      note: "Before λ; cosine objective: −1 is perfect agreement, 0 none",
      axis: "data",
      color: "alignment",
    },
    band: true,
    word: "align",
  },
  {
    id: "gradNorm",
    name: "Gradient norm",
    unit: "1",
    better: null,
    source: "torch.nn.utils.clip_grad_norm_, its return value",
    chart: {
      title: "Gradient norm",
      about:
        "How strongly one batch pulls at the weights. Sudden peaks mean that training is close to becoming unstable.",
      note: "Global L2 norm of all gradients, before clipping",
      axis: "data",
      color: "gradient",
      wide: true,
    },
    band: true,
  },
] as const satisfies readonly StepMetric[];

const SAMPLE_ROWS = [
  {
    id: "kid",
    name: "KID",
    unit: "kernel distance × 1000",
    better: "lower",
    source: "arXiv:1801.01401, unbiased, cubic kernel",
    csv: "kid_x1000",
    chart: {
      title: "KID × 1000",
      about:
        "How far drawn images are from real ones, as an encoder sees both: smaller is better. It stands in for the paper's FID, which needs 50,000 samples.",
      inPaper: "Table 2 and 3 report FID",
      note: "Unbiased kernel distance with its interval; not an FID",
      measuredNote:
        "n = {sampleCount} samples against {referenceCount} real · {space} · 95 % interval over subsets · not an FID",
      axis: "data",
      color: "kid",
    },
    band: true,
    // the interval is a delete-one jackknife (src/engine/metrics/intervals.ts); the floor is the KID between
    // disjoint real sets of `pairCount`: what a perfect model scores
    beside: ["kidLow", "kidHigh", "kidFloor"],
    interval: ["kidLow", "kidHigh"],
    floor: { id: "kidFloor", label: "real data" },
  },
  {
    id: "frechetTop",
    name: "Fréchet distance",
    unit: "squared feature units",
    better: "lower",
    source: "arXiv:1706.08500, on the real images' first components",
    chart: {
      title: "Fréchet, top 32 PCs",
      measuredTitle: "Fréchet, top {components} PCs",
      about:
        "The formula of FID on few features and few samples: a second opinion beside KID. Only values of one space and one count can be compared.",
      inPaper: "Table 2 and 3 report FID",
      note: "Distance on the real data's first principal components; not an FID",
      measuredNote:
        "n = {pairCount} on each side · {space} · floor: two disjoint real sets of {pairCount} · not an FID",
      axis: "zero",
      color: "frechet",
    },
    band: true,
    // fewer components than 32 where the space has fewer; the floor is the distance between disjoint real sets
    beside: ["components", "frechetFloor"],
    floor: { id: "frechetFloor", label: "real halves" },
    paper: "fid",
  },
] as const satisfies readonly SampleMetric[];

const LAYER_ROWS = [
  {
    id: "cknna",
    name: "CKNNA",
    unit: "1",
    better: "higher",
    source: "REPA (arXiv:2410.06940) C.1; arXiv:2405.07987",
    chart: {
      title: "CKNNA",
      about:
        "Whether images that are neighbours for the encoder are neighbours inside the network as well, block by block. With REPA it rises early, and blocks after the aligned one are free for detail.",
      inPaper: "Figure 2b, 2c and 3, Appendix C.1",
      note: "Agreement of hidden states with the encoder on held-out images",
      measuredNote: "n = {imageCount} held-out, k = {k}, t = {time}, token mean · chance {chance}",
      axis: "zero",
    },
    band: true,
    hasChance: true,
  },
  {
    id: "cka",
    name: "CKA",
    unit: "1",
    better: "higher",
    source: "arXiv:1905.00414, linear, unbiased",
  },
  {
    id: "mutualKnn",
    name: "Mutual k-NN",
    unit: "share",
    better: "higher",
    source: "arXiv:2405.07987",
  },
] as const satisfies readonly LayerMetric[];

/** Measured every `evaluation.conflictEvery` steps, for each block and for the embedders together. */
const CONFLICT_ROWS = [
  {
    // null where either gradient is 0 or there is none
    id: "cosine",
    name: "Gradient conflict",
    unit: "1",
    better: null,
    source: "cosine of both losses' gradients; no reference measures it",
    chart: {
      title: "Gradient conflict by block",
      about:
        "Whether the two losses want the same change of a block's weights. Negative values say that alignment works against denoising there.",
      note: "Cosine of the velocity and the alignment gradient: + both losses ask for the same change, − one undoes the other",
      axis: [-1, 1],
      level: { value: 0, label: "no conflict" },
    },
  },
] as const satisfies readonly LiveMetric[];

type StepRow = (typeof STEP_ROWS)[number];
type SampleRow = (typeof SAMPLE_ROWS)[number];
type LayerRow = (typeof LAYER_ROWS)[number];
type ConflictRow = (typeof CONFLICT_ROWS)[number];

export type StepMetricId = StepRow["id"];
export type SampleMetricId = SampleRow["id"];
export type LayerMetricId = LayerRow["id"];
export type ConflictMetricId = ConflictRow["id"];
/** Numbers recorded with the sample metrics. */
export type BesideId = SampleRow["beside"][number];

export const STEP_METRICS: readonly StepMetric<StepMetricId>[] = STEP_ROWS;
export const SAMPLE_METRICS: readonly SampleMetric<SampleMetricId, BesideId>[] = SAMPLE_ROWS;
export const LAYER_METRICS: readonly LayerMetric<LayerMetricId>[] = LAYER_ROWS;
export const CONFLICT_METRICS: readonly LiveMetric<ConflictMetricId>[] = CONFLICT_ROWS;

/** Rows added later, of which a stored log may have no values. */
type Later = { readonly later: true };
type Beside<Row> = Row extends SampleMetric ? Row["beside"][number] : never;
type Values<Row extends LiveMetric, Value> = Readonly<
  Record<Exclude<Row, Later>["id"], Value> &
    Record<Beside<Exclude<Row, Later>>, number> &
    Partial<Record<Extract<Row, Later>["id"], Value>> &
    Partial<Record<Beside<Extract<Row, Later>>, number>>
>;

export type StepValues = Values<StepRow, number>;
/** With the numbers recorded beside the metrics. */
export type SampleValues = Values<SampleRow, number>;
/** By block, 1 first. */
export type LayerValues = Values<LayerRow, readonly number[]>;
/** Null where the metric is not defined. */
export type ConflictValues = Values<ConflictRow, number | null>;

/** A metric's value in a record; undefined where the record is older than the metric. */
export const valueOf = <Values extends object, Id extends keyof Values>(
  record: Values,
  id: Id,
): Values[Id] | undefined => record[id];

import { randomNormal, randomPermutation } from "../../common/math/rng";
import { wilsonInterval, type Interval } from "./intervals";
import { assertLabelled, type LabelledFeatures } from "./labelled";
import { zeros, type Matrix } from "./matrix";
import { innerProducts } from "./products";
import type { Work } from "./work";

export interface ProbeOptions {
  readonly classCount: number;
  readonly seed: number;
  /** Passes over the training rows; the paper's 90. */
  readonly epochs?: number;
  /** Rows a step; see `probeBatchSize` for the default. */
  readonly batchSize?: number;
  /** At the first step; falls to 0 along a cosine. The paper's 1e-3. */
  readonly learningRate?: number;
}

export interface ProbeResult {
  /** Share of test rows given their class, with its 95 % interval. */
  readonly accuracy: Interval;
  readonly trainAccuracy: number;
  readonly steps: number;
  readonly batchSize: number;
}

const PAPER_EPOCHS = 90;
const PAPER_BATCH = 16384;
const PAPER_RATE = 1e-3;
/** A step moves a weight by at most about the rate, so fewer steps cannot reach the optimum. */
const ENOUGH_STEPS = 2500;
const LEAST_BATCH = 8;

/** MAE's batch norm: BatchNorm1d(affine=False, eps=1e-6), PyTorch's momentum. */
const NORM_EPS = 1e-6;
const NORM_MOMENTUM = 0.1;
const WEIGHT_STD = 0.01;

const BETA1 = 0.9;
const BETA2 = 0.999;
const ADAM_EPS = 1e-8;

/**
 * The paper's batch of 16,384 where there are as many rows as in its 1.28 M images; with fewer, the largest
 * batch that still gives 2,500 steps (its hyper-parameters in one full batch of 300 rows are 90 steps: badly
 * under-trained).
 */
export const probeBatchSize = (rows: number, epochs = PAPER_EPOCHS): number =>
  Math.min(rows, PAPER_BATCH, Math.max(LEAST_BATCH, Math.floor((rows * epochs) / ENOUGH_STEPS)));

/** A linear classifier behind a parameter-free batch norm, with Adam's moments. */
interface Probe {
  readonly weight: Matrix;
  readonly bias: Float64Array;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly moments: readonly [weight: AdamMoments, bias: AdamMoments];
}

interface AdamMoments {
  readonly first: Float64Array;
  readonly second: Float64Array;
}

const adamMoments = (size: number): AdamMoments => ({
  first: new Float64Array(size),
  second: new Float64Array(size),
});

/** Weights from N(0, 0.01) cut at two standard deviations, bias 0. */
function createProbe(width: number, classCount: number, seed: number): Probe {
  const drawn = randomNormal({ seed, stream: "probe/weight" }, classCount * width);
  const values = Float64Array.from(drawn, (x) => WEIGHT_STD * Math.min(2, Math.max(-2, x)));
  return {
    weight: { values, rows: classCount, cols: width },
    bias: new Float64Array(classCount),
    mean: new Float64Array(width),
    variance: new Float64Array(width).fill(1),
    moments: [adamMoments(values.length), adamMoments(classCount)],
  };
}

/** One bias-corrected Adam step in place. */
function adam(
  values: Float64Array,
  gradient: Float64Array,
  { first, second }: AdamMoments,
  step: number,
  rate: number,
) {
  const scale1 = 1 / (1 - BETA1 ** step);
  const scale2 = 1 / (1 - BETA2 ** step);
  for (let i = 0; i < values.length; i++) {
    const g = gradient[i] ?? 0;
    const m = BETA1 * (first[i] ?? 0) + (1 - BETA1) * g;
    const v = BETA2 * (second[i] ?? 0) + (1 - BETA2) * g * g;
    first[i] = m;
    second[i] = v;
    values[i] = (values[i] ?? 0) - (rate * m * scale1) / (Math.sqrt(v * scale2) + ADAM_EPS);
  }
}

/** Rows of a batch, normalised by their own mean and variance, which the running ones follow. */
function normaliseBatch(features: Matrix, rows: Uint32Array, probe: Probe): Matrix {
  const { cols } = features;
  const batch = zeros(rows.length, cols);
  for (let c = 0; c < cols; c++) {
    let sum = 0;
    for (const row of rows) sum += features.values[row * cols + c] ?? 0;
    const mean = sum / rows.length;
    let squares = 0;
    rows.forEach((row, i) => {
      const centred = (features.values[row * cols + c] ?? 0) - mean;
      batch.values[i * cols + c] = centred;
      squares += centred * centred;
    });
    const scale = 1 / Math.sqrt(squares / rows.length + NORM_EPS);
    for (let at = c; at < batch.values.length; at += cols) {
      batch.values[at] = (batch.values[at] ?? 0) * scale;
    }
    const follow = (running: Float64Array, value: number) => {
      running[c] = (1 - NORM_MOMENTUM) * (running[c] ?? 0) + NORM_MOMENTUM * value;
    };
    follow(probe.mean, mean);
    follow(probe.variance, squares / (rows.length - 1));
  }
  return batch;
}

const logitsOf = (normalised: Matrix, { weight, bias }: Probe): Matrix => {
  const logits = innerProducts(normalised, weight);
  return {
    ...logits,
    values: logits.values.map((value, at) => value + (bias[at % bias.length] ?? 0)),
  };
};

/** softmax(logits) less the one-hot label, over the batch size: the mean cross entropy's gradient. */
function logitGradient(logits: Matrix, labels: ArrayLike<number>, rows: Uint32Array): Matrix {
  const { cols } = logits;
  rows.forEach((row, i) => {
    const own = logits.values.subarray(i * cols, (i + 1) * cols);
    const top = own.reduce((best, value) => Math.max(best, value), -Infinity);
    own.forEach((value, c) => (own[c] = Math.exp(value - top)));
    const sum = own.reduce((total, value) => total + value, 0) * rows.length;
    own.forEach((value, c) => (own[c] = value / sum - (labels[row] === c ? 1 / rows.length : 0)));
  });
  return logits;
}

function trainStep(
  probe: Probe,
  { features, labels }: LabelledFeatures,
  rows: Uint32Array,
  step: number,
  rate: number,
) {
  const { weight, bias, moments } = probe;
  const batch = normaliseBatch(features, rows, probe);
  const { values: delta, cols: classCount } = logitGradient(logitsOf(batch, probe), labels, rows);
  const gradient = new Float64Array(weight.values.length);
  const biasGradient = new Float64Array(classCount);
  const { cols } = features;
  for (let i = 0; i < rows.length; i++) {
    for (let c = 0; c < classCount; c++) {
      const d = delta[i * classCount + c] ?? 0;
      biasGradient[c] = (biasGradient[c] ?? 0) + d;
      const [to, from] = [c * cols, i * cols];
      for (let x = 0; x < cols; x++) {
        gradient[to + x] = (gradient[to + x] ?? 0) + d * (batch.values[from + x] ?? 0);
      }
    }
  }
  adam(weight.values, gradient, moments[0], step, rate);
  adam(bias, biasGradient, moments[1], step, rate);
}

/** How many rows get their class, features normalised by the running mean and variance. */
function countCorrect(probe: Probe, { features, labels }: LabelledFeatures): number {
  const { cols } = features;
  const scale = probe.variance.map((variance) => 1 / Math.sqrt(variance + NORM_EPS));
  const values = features.values.map(
    (value, at) => (value - (probe.mean[at % cols] ?? 0)) * (scale[at % cols] ?? 0),
  );
  const logits = logitsOf({ ...features, values }, probe);
  let correct = 0;
  for (let i = 0; i < features.rows; i++) {
    const own = logits.values.subarray(i * logits.cols, (i + 1) * logits.cols);
    const best = own.reduce((top, value, c) => (value > (own[top] ?? 0) ? c : top), 0);
    if (best === labels[i]) correct++;
  }
  return correct;
}

/**
 * Linear probe of frozen features [N, D] (averaged over tokens): batch norm without parameters, one linear
 * layer, Adam, cosine from the first rate to 0, the mean cross entropy. Deterministic in the seed, to which
 * only the order of rows and the first weights belong. Pauses after every epoch.
 *
 * @throws StudioError SHAPE_MISMATCH when labels and features disagree; OUT_OF_RANGE below 2 training rows
 * @source REPA appendix C.1 after l-DAE (arXiv:2401.14404); MAE main_linprobe.py for the batch norm
 */
export function* linearProbeWork(
  train: LabelledFeatures,
  test: LabelledFeatures,
  { classCount, seed, epochs = PAPER_EPOCHS, learningRate = PAPER_RATE, ...rest }: ProbeOptions,
): Work<ProbeResult> {
  assertLabelled(train, test, classCount);
  const count = train.features.rows;
  const batchSize = Math.min(rest.batchSize ?? probeBatchSize(count, epochs), count);
  // a last batch of one row has no variance: its rows wait for the next epoch's order
  const stepsPerEpoch = Math.max(1, Math.floor(count / batchSize));
  const steps = epochs * stepsPerEpoch;
  const probe = createProbe(train.features.cols, classCount, seed);
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = randomPermutation({ seed, stream: "probe/order", index: epoch }, count);
    for (let batch = 0; batch < stepsPerEpoch; batch++) {
      const rate = (learningRate / 2) * (1 + Math.cos((Math.PI * step) / steps));
      const rows = order.subarray(batch * batchSize, (batch + 1) * batchSize);
      trainStep(probe, train, rows, ++step, rate);
    }
    yield { done: epoch + 1, all: epochs };
  }
  return {
    accuracy: wilsonInterval(countCorrect(probe, test), test.features.rows),
    trainAccuracy: countCorrect(probe, train) / count,
    steps,
    batchSize,
  };
}

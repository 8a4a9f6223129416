import { knnClassifyWork, columnMoments, standardise } from "../../src/engine/metrics/knn";
import { type LabelledFeatures } from "../../src/engine/metrics/labelled";
import {
  linearProbeWork,
  type ProbeOptions,
  type ProbeResult,
} from "../../src/engine/metrics/linearProbe";
import { finish } from "../../src/engine/metrics/work";
import { Comparison } from "./comparison";
import {
  asFields,
  featureMatrix,
  numbers,
  numeric,
  tensorNumbers,
  type ResultEntry,
} from "./metricsFixture";
import type { ParityCase } from "./types";

/** A probe is trained with other random numbers than the reference's: its accuracy is held to a range. */
const RANGE_MARGIN = 0.03;
const EPOCHS = 90;
const SEEDS = [0, 1, 2];

const labelled = (entry: ResultEntry, part: "train" | "val"): LabelledFeatures => ({
  features: featureMatrix(entry, `${part}.features`),
  labels: tensorNumbers(entry, `${part}.labels`),
});

function bothParts(entry: ResultEntry) {
  const [train, val] = [labelled(entry, "train"), labelled(entry, "val")];
  const classCount = Array.from(train.labels).reduce((most, y) => Math.max(most, y + 1), 1);
  return { train, val, classCount };
}

/** "knn/raw/k10_T0.07", "knn/standardised/k20_majority": accuracy and every prediction. */
function knnCases(entry: ResultEntry): ParityCase[] {
  const found = /^knn\/(raw|standardised)\/k(\d+)_(?:T([\d.]+)|majority)$/.exec(entry.key);
  if (!found) return [];
  const run = () => {
    const { train, val, classCount } = bothParts(entry);
    const moments = columnMoments(train.features);
    const scaled = ({ features, labels }: LabelledFeatures) => ({
      labels,
      features: found[1] === "raw" ? features : standardise(features, moments),
    });
    const temperature = found[3] === undefined ? undefined : Number(found[3]);
    const options = { classCount, k: Number(found[2]), temperature };
    const { predictions, accuracy } = finish(knnClassifyWork(scaled(train), scaled(val), options));
    const out = new Comparison(entry.tolerance);
    const share =
      numeric(entry.fields.accuracy) ?? numeric(entry.fields.accuracy_ties_to_lowest_class);
    if (share !== undefined) out.value("accuracy", accuracy.value, share);
    const expected = numbers(entry.fields.predictions);
    if (expected) out.values("predictions", predictions, expected);
    return out.result();
  };
  return [{ name: `${entry.manifestName}/${entry.key}`, run }];
}

function standardisationCases(entry: ResultEntry): ParityCase[] {
  if (entry.key !== "standardisation") return [];
  const run = () => {
    const { mean, std } = columnMoments(featureMatrix(entry, "train.features"));
    const out = new Comparison(entry.tolerance);
    for (const [field, value] of Object.entries(entry.fields)) {
      const expected = numbers(value);
      const found = field.startsWith("mean") ? mean : std;
      if (expected) out.values(field, found.subarray(0, expected.length), expected);
    }
    return out.result();
  };
  return [{ name: `${entry.manifestName}/${entry.key}`, run }];
}

const withinRange = (out: Comparison, field: string, found: number, low: number, high: number) => {
  out.value(field, found, (low + high) / 2, { abs: (high - low) / 2 + RANGE_MARGIN, rel: 0 });
};

/** The paper's 90 epochs with a few seeds. */
const probes = (entry: ResultEntry, options: Partial<ProbeOptions>): ProbeResult[] => {
  const { train, val, classCount } = bothParts(entry);
  return SEEDS.map((seed) =>
    finish(linearProbeWork(train, val, { classCount, seed, epochs: EPOCHS, ...options })),
  );
};

const meanOf = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** "torch_probe/batch_30_900_steps", ".../full_batch_lr_0_02": the same recipe in PyTorch, several seeds. */
function torchProbeCases(entry: ResultEntry): ParityCase[] {
  const recipe = /^torch_probe\/(?!.*affine_true)(?:batch_(\d+)|full_batch)(?:.*_lr_(\d+)_(\d+))?/;
  const found = recipe.exec(entry.key);
  const [low, high] = [numeric(entry.fields.val_min), numeric(entry.fields.val_max)];
  if (!found || low === undefined || high === undefined) return [];
  const run = () => {
    const rows = featureMatrix(entry, "train.features").rows;
    const results = probes(entry, {
      batchSize: found[1] === undefined ? rows : Number(found[1]),
      ...(found[2] !== undefined && { learningRate: Number(`${found[2]}.${found[3] ?? ""}`) }),
    });
    const out = new Comparison(entry.tolerance);
    const accuracies = results.map(({ accuracy }) => accuracy.value);
    withinRange(out, "val_min", Math.min(...accuracies), low, high);
    withinRange(out, "val_max", Math.max(...accuracies), low, high);
    withinRange(out, "val_mean", meanOf(accuracies), low, high);
    const train = numeric(entry.fields.train_mean);
    const trained = meanOf(results.map(({ trainAccuracy }) => trainAccuracy));
    if (train !== undefined) withinRange(out, "train_mean", trained, train, train);
    return out.result();
  };
  return [{ name: `${entry.manifestName}/${entry.key}`, run }];
}

/** The probe as the studio runs it, within the range of logistic regressions for C in 0.1..10. */
function defaultProbeCases(entry: ResultEntry): ParityCase[] {
  if (entry.key !== "logistic_regression") return [];
  const fits = Object.entries(entry.fields).flatMap(([name, value]) => {
    const C = Number(/^C_([\d.]+)$/.exec(name)?.[1]);
    const val = numeric(asFields(value)?.val);
    return C >= 0.1 && C <= 10 && val !== undefined ? [val] : [];
  });
  if (fits.length === 0) return [];
  const run = () => {
    const out = new Comparison(entry.tolerance);
    const results = probes(entry, {});
    fits.forEach((_, i) => {
      const accuracy = results[i % results.length]?.accuracy.value ?? NaN;
      withinRange(out, `val[${i}]`, accuracy, Math.min(...fits), Math.max(...fits));
    });
    return out.result();
  };
  return [{ name: `${entry.manifestName}/${entry.key}`, run }];
}

/** Linear probes (in a range) and k-NN (exact) of "train" and "val" features with their labels. */
export function probeCases(entry: ResultEntry): ParityCase[] {
  if (!entry.tensors.has("train.labels") || !entry.tensors.has("val.labels")) return [];
  return [knnCases, standardisationCases, torchProbeCases, defaultProbeCases].flatMap((family) =>
    family(entry),
  );
}

import { cmmd } from "../../src/engine/metrics/cmmd";
import { covariance, fitGaussian, frechetBetween } from "../../src/engine/metrics/frechet";
import { kid, kidOverSubsets } from "../../src/engine/metrics/kid";
import { columnMeans, type Matrix } from "../../src/engine/metrics/matrix";
import { spatialFeatures } from "../../src/engine/metrics/spatial";
import { goldenTensor } from "../golden";
import { toNhwc } from "./arrays";
import { Comparison } from "./comparison";
import {
  asFields,
  featureMatrix,
  numbers,
  numeric,
  tensorNumbers,
  text,
  type ResultEntry,
} from "./metricsFixture";
import type { ParityCase } from "./types";

/**
 * Features of a Fréchet entry. A spatial map with a `flattened_dim` keeps only its first channels, as many
 * as that dimension leaves (sFID keeps 7), and is then flattened.
 */
function frechetFeatures(entry: ResultEntry, name: string): Matrix {
  const { shape } = goldenTensor(entry.tensors, name);
  const flat = featureMatrix(entry, name);
  const kept = numeric(entry.fields.flattened_dim);
  if (shape.length !== 4 || kept === undefined || kept === flat.cols) return flat;
  const channelsFirst = text(entry.fields.layout) === "NCHW";
  const values = channelsFirst ? toNhwc(flat.values, shape) : flat.values;
  const channels = (channelsFirst ? shape[1] : shape[3]) ?? 1;
  const positions = flat.cols / channels;
  return spatialFeatures(values, { count: flat.rows, positions, channels }, kept / positions);
}

function compareMoments(out: Comparison, entry: ResultEntry, side: "X" | "Y", features: Matrix) {
  const mean = numbers(entry.fields[`mean_${side}`]);
  if (mean) out.values(`mean_${side}`, columnMeans(features), mean);
  const rows = entry.fields[`cov_${side}`];
  if (Array.isArray(rows)) {
    const expected = rows.flatMap((row) => numbers(row) ?? []);
    out.values(`cov_${side}`, covariance(features).values, expected);
  }
}

/** Fréchet distance of two stored sets, with its terms and, where given, means and covariances. */
export function frechetCases(entry: ResultEntry): ParityCase[] {
  const nameX = text(entry.fields.X);
  const nameY = text(entry.fields.Y);
  if (numeric(entry.fields.fd) === undefined || !nameX || !nameY) return [];
  const run = () => {
    const [x, y] = [frechetFeatures(entry, nameX), frechetFeatures(entry, nameY)];
    const terms = frechetBetween(fitGaussian(x), fitGaussian(y));
    const out = new Comparison(entry.tolerance);
    const actual: Readonly<Record<string, number>> = {
      fd: terms.distance,
      mean_term: terms.meanTerm,
      trace_1: terms.trace1,
      trace_2: terms.trace2,
      trace_sqrt: terms.traceSqrt,
    };
    for (const [field, value] of Object.entries(actual)) {
      const expected = numeric(entry.fields[field]);
      if (expected !== undefined) out.value(field, value, expected);
    }
    compareMoments(out, entry, "X", x);
    compareMoments(out, entry, "Y", y);
    return out.result();
  };
  return [{ name: `${entry.manifestName}/${entry.key}`, run }];
}

/** Rows of an index tensor [S, m], found beside the feature tensor: "kid.X" -> "kid.subset_idx_X". */
function subsetRows(entry: ResultEntry, features: string, side: "X" | "Y"): Float64Array[] {
  const name = `${features.slice(0, features.lastIndexOf(".") + 1)}subset_idx_${side}`;
  const [count = 0, size = 0] = goldenTensor(entry.tensors, name).shape;
  const all = tensorNumbers(entry, name);
  return Array.from({ length: count }, (_, s) => all.subarray(s * size, (s + 1) * size));
}

function compareKid(out: Comparison, entry: ResultEntry, nameX: string, nameY: string) {
  const [x, y] = [featureMatrix(entry, nameX), featureMatrix(entry, nameY)];
  const whole = asFields(entry.fields.whole_set) ?? {};
  for (const field of ["biased", "unbiased", "u_statistic"] as const) {
    const expected = numeric(whole[field]);
    const estimator = field === "u_statistic" ? "uStatistic" : field;
    if (expected !== undefined) out.value(`whole_set.${field}`, kid(x, y, estimator), expected);
  }
  const subsets = asFields(entry.fields.subsets);
  if (!subsets) return;
  const rowsX = subsetRows(entry, nameX, "X");
  const found = kidOverSubsets(x, y, rowsX, subsetRows(entry, nameY, "Y"));
  out.values("subsets.values", found.values, numbers(subsets.values) ?? []);
  const mean = numeric(subsets.mean);
  if (mean !== undefined) out.value("subsets.mean", found.mean, mean);
  const std = numeric(subsets.std_ddof0);
  if (std !== undefined) out.value("subsets.std", found.std, std);
}

function compareCmmd(out: Comparison, entry: ResultEntry, nameX: string, nameY: string) {
  const [x, y] = [featureMatrix(entry, nameX), featureMatrix(entry, nameY)];
  for (const [field, expected] of Object.entries(entry.fields)) {
    const wanted = numeric(expected);
    const found = /^cmmd_(biased|unbiased)/.exec(field);
    if (!found || wanted === undefined) continue;
    const estimator = found[1] === "biased" ? "biased" : "unbiased";
    out.value(field, cmmd(x, y, estimator), wanted);
  }
}

/** KID (whole set and given subsets) and CMMD. */
export function kernelDistanceCases(entry: ResultEntry): ParityCase[] {
  const nameX = text(entry.fields.X);
  const nameY = text(entry.fields.Y);
  const isKid = "whole_set" in entry.fields || "subsets" in entry.fields;
  const isCmmd = Object.keys(entry.fields).some((field) => /^cmmd_(biased|unbiased)/.test(field));
  if (!nameX || !nameY || (!isKid && !isCmmd)) return [];
  const run = () => {
    const out = new Comparison(entry.tolerance);
    if (isKid) compareKid(out, entry, nameX, nameY);
    if (isCmmd) compareCmmd(out, entry, nameX, nameY);
    return out.result();
  };
  return [{ name: `${entry.manifestName}/${entry.key}`, run }];
}

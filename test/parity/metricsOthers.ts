import { equalParts, inceptionScore, partsOfSize } from "../../src/engine/metrics/inceptionScore";
import { takeRows, toMatrix, type Matrix } from "../../src/engine/metrics/matrix";
import { principalComponents, project, type PrincipalBasis } from "../../src/engine/metrics/pca";
import { minMaxColours, sigmoidColours } from "../../src/engine/metrics/pcaColours";
import { prdc, squaredRadii, type Prdc } from "../../src/engine/metrics/prdc";
import { goldenTensor } from "../golden";
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

function comparePrdc(out: Comparison, entry: ResultEntry, found: Prdc, prefix: string) {
  const fields = (prefix ? asFields(entry.fields[prefix]) : entry.fields) ?? {};
  for (const name of ["precision", "recall", "density", "coverage"] as const) {
    const expected = numeric(fields[name]);
    if (expected !== undefined)
      out.value(prefix ? `${prefix}.${name}` : name, found[name], expected);
  }
}

/** Precision, recall, density, coverage, with ADM's inclusive variant and the first radii where given. */
export function prdcCases(entry: ResultEntry): ParityCase[] {
  const nameReal = text(entry.fields.real);
  const nameFake = text(entry.fields.fake);
  const k = numeric(entry.fields.k);
  if (!nameReal || !nameFake || k === undefined) return [];
  const run = () => {
    const real = featureMatrix(entry, nameReal);
    const fake = nameFake === nameReal ? real : featureMatrix(entry, nameFake);
    const out = new Comparison(entry.tolerance);
    comparePrdc(out, entry, prdc(real, fake, k), "");
    const adm = "adm_manifold_precision_recall";
    if (adm in entry.fields) comparePrdc(out, entry, prdc(real, fake, k, { inclusive: true }), adm);
    for (const [side, features] of [["real", real] as const, ["fake", fake] as const]) {
      const expected = numbers(entry.fields[`radii_${side}_first5`]);
      const radii = squaredRadii(features, k).slice(0, expected?.length).map(Math.sqrt);
      // radii are no fractions: the manifest's exactness is about the four scores
      const radiusTolerance = { abs: 1e-9, rel: 0 };
      expected?.forEach((value, i) =>
        out.value(`radii_${side}[${i}]`, radii[i] ?? NaN, value, radiusTolerance),
      );
    }
    return out.result();
  };
  return [{ name: `${entry.manifestName}/${entry.key}`, run }];
}

/** Rows a component analysis was fitted on: all, or those of the stored mask when there are fewer. */
function fittedIndex(entry: ResultEntry, rowCount: number): number[] {
  const count = numeric(entry.fields.fit_rows) ?? rowCount;
  if (count === rowCount) return Array.from({ length: rowCount }, (_, row) => row);
  const masks = [...entry.tensors].filter(([, { dtype }]) => dtype === "U8" || dtype === "BOOL");
  for (const [name] of masks) {
    const mask = tensorNumbers(entry, name);
    const rows = Array.from(mask.keys()).filter((row) => mask[row] !== 0);
    if (mask.length === rowCount && rows.length === count) return rows;
  }
  throw new Error(`No mask in the fixture selects ${count} of ${rowCount} rows.`);
}

/** Range of the fitted rows' coordinates, share of variance, and both renderings. */
function compareColours(out: Comparison, entry: ResultEntry, all: Matrix, basis: PrincipalBasis) {
  const fitted = fittedIndex(entry, all.rows);
  const coordinates = project(all, basis);
  const own = project(takeRows(all, fitted), basis);
  const extreme = (pick: (...values: number[]) => number) =>
    Array.from({ length: own.cols }, (_, p) =>
      pick(...own.values.filter((_value, at) => at % own.cols === p)),
    );
  const lists: Readonly<Record<string, () => ArrayLike<number>>> = {
    projection_min_over_fit_rows: () => extreme(Math.min),
    projection_max_over_fit_rows: () => extreme(Math.max),
    explained_variance_ratio: () => basis.variances.map((value) => value / basis.totalVariance),
  };
  for (const [field, values] of Object.entries(lists)) {
    const expected = numbers(entry.fields[field]);
    if (expected) out.values(field, values(), expected);
  }
  const renderings: Readonly<Record<string, () => Matrix>> = {
    rgb_minmax: () => minMaxColours(coordinates, fitted),
    rgb_whiten_sigmoid: () => sigmoidColours(coordinates, basis),
  };
  for (const [rendering, colours] of Object.entries(renderings)) {
    const name = `${entry.key}.${rendering}`;
    if (entry.tensors.has(name)) {
      out.values(rendering, colours().values, tensorNumbers(entry, name));
    }
  }
}

/** Principal components of a feature map [H, W, D]: mean, signed components, variances, projection. */
export function pcaCases(entry: ResultEntry): ParityCase[] {
  const rows = entry.fields.components;
  const name = text(entry.fields.features) ?? "features";
  if (!Array.isArray(rows) || !entry.tensors.has(name)) return [];
  const run = () => {
    const width = goldenTensor(entry.tensors, name).shape.at(-1) ?? 1;
    const values = tensorNumbers(entry, name);
    const all = toMatrix(values, values.length / width, width);
    const basis = principalComponents(takeRows(all, fittedIndex(entry, all.rows)), rows.length);
    const out = new Comparison(entry.tolerance);
    out.values(
      "components",
      basis.components.values,
      rows.flatMap((row) => numbers(row) ?? []),
    );
    out.values("mean", basis.mean, numbers(entry.fields.mean) ?? []);
    const variances = numbers(entry.fields.explained_variance_ddof1);
    if (variances) out.values("explained_variance", basis.variances, variances);
    const projection = `${entry.key}.projection`;
    if (entry.tensors.has(projection)) {
      out.values("projection", project(all, basis).values, tensorNumbers(entry, projection));
    }
    compareColours(out, entry, all, basis);
    return out.result();
  };
  return [{ name: `${entry.manifestName}/${entry.key}`, run }];
}

/** The logits an entry scores: the tensor its key starts with, else "logits"; shuffled if its key says so. */
function logitsOf(entry: ResultEntry): Matrix {
  const name = [...entry.tensors.keys()].find((tensor) => entry.key.startsWith(tensor)) ?? "logits";
  const logits = featureMatrix(entry, name);
  const order = [...entry.tensors].find(([tensor]) => tensor.endsWith("permutation"))?.[0];
  const shuffled = /(?<!no_)shuffle/.test(entry.key);
  return shuffled && order ? takeRows(logits, tensorNumbers(entry, order)) : logits;
}

/** Inception score by parts of a size ("..._split_size_N") or by as many equal parts as there are scores. */
export function inceptionScoreCases(entry: ResultEntry): ParityCase[] {
  const expected = numbers(entry.fields.split_scores);
  if (!expected) return [];
  const run = () => {
    const logits = logitsOf(entry);
    const size = /split_size_(\d+)/.exec(entry.key);
    const parts = size
      ? partsOfSize(logits.rows, Number(size[1]))
      : equalParts(logits.rows, expected.length);
    const found = inceptionScore(logits, parts);
    const out = new Comparison(entry.tolerance);
    out.values("split_scores", found.scores, expected);
    const mean = numeric(entry.fields.mean);
    if (mean !== undefined) out.value("mean", found.mean, mean);
    const std = numeric(entry.fields.std_ddof0);
    if (std !== undefined) out.value("std", found.std, std);
    return out.result();
  };
  return [{ name: `${entry.manifestName}/${entry.key}`, run }];
}

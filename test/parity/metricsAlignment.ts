import { cka } from "../../src/engine/metrics/cka";
import { clipThreshold, clipTo } from "../../src/engine/metrics/clipping";
import { cknna, cknnaTerms, type CknnaVariant } from "../../src/engine/metrics/cknna";
import { linearKernel, rbfKernel } from "../../src/engine/metrics/kernels";
import { l2NormaliseRows, type Matrix } from "../../src/engine/metrics/matrix";
import { cycleKnn, mutualKnn } from "../../src/engine/metrics/mutualKnn";
import { Comparison } from "./comparison";
import { asFields, featureMatrix, numericOrNull, text, type ResultEntry } from "./metricsFixture";
import type { ParityCase } from "./types";

/** Both sides after one preprocessing, with what the estimators take. */
interface Pair {
  readonly a: Matrix;
  readonly b: Matrix;
  readonly k: Matrix;
  readonly l: Matrix;
  readonly raw: readonly [Matrix, Matrix];
  readonly quantile: number;
}

const PREPROCESSING = /^(?:raw|l2|clip(\d+)(_l2)?)$/;

/** "raw", "l2", "clip95" or "clip95_l2" (the digits are the percentile). */
function preprocess(features: Matrix, name: string): Matrix {
  const clip = /^clip(\d+)/.exec(name);
  const clipped = clip
    ? clipTo(features, clipThreshold(features, Number(clip[1]) / 100, "exact"))
    : features;
  return name.endsWith("l2") ? l2NormaliseRows(clipped) : clipped;
}

/** "k10", "k_n_minus_1", "k_n". */
function neighbours(label: string, n: number): number | undefined {
  if (label === "k_n") return n;
  if (label === "k_n_minus_1") return n - 1;
  const found = /^k(\d+)$/.exec(label);
  return found ? Number(found[1]) : undefined;
}

const VARIANTS: Readonly<Record<string, CknnaVariant>> = {
  cknna_unbiased: "unbiased",
  cknna_biased: "biased",
  cknna_paper_eq23_24: "paperEquations",
};

/** The function of k behind a field with one value for every k, if the field is one. */
function byNeighbours(field: string, { k, l }: Pair): ((count: number) => number) | undefined {
  const variant = VARIANTS[field];
  if (variant) return (count) => cknna(k, l, { k: count, variant });
  if (field === "mutual_knn") return (count) => mutualKnn(k, l, count);
  if (field === "cycle_knn") return (count) => cycleKnn(k, l, count);
  return undefined;
}

function ckaOf(field: string, pair: Pair): number | undefined {
  const found = /^cka_(?:linear|rbf_sigma([\d.]+))_(biased|unbiased)$/.exec(field);
  if (!found) return undefined;
  const options = { unbiased: found[2] === "unbiased" };
  if (found[1] === undefined) return cka(pair.k, pair.l, options);
  const sigma = Number(found[1]);
  return cka(rbfKernel(pair.a, sigma), rbfKernel(pair.b, sigma), options);
}

function compareTerms(out: Comparison, field: string, expected: unknown, pair: Pair) {
  const found = /^debug_cknna_(unbiased|biased)_k(\d+)$/.exec(field);
  const fields = asFields(expected);
  if (!found || !fields) return;
  const variant = found[1] === "biased" ? "biased" : "unbiased";
  const terms = cknnaTerms(pair.k, pair.l, { k: Number(found[2]), variant });
  const actual: Readonly<Record<string, number>> = {
    hsic_kl: terms.kl,
    hsic_kk: terms.kk,
    hsic_ll: terms.ll,
    cknna: terms.cknna,
    mask_overlap_count: terms.overlap,
  };
  for (const [name, value] of Object.entries(actual)) {
    const wanted = numericOrNull(fields[name]);
    // the HSIC terms carry the features' unit: on raw features they reach thousands
    const scale = Math.max(1, Math.abs(wanted ?? 0));
    if (wanted !== undefined) out.value(`${field}.${name}`, value / scale, (wanted ?? 0) / scale);
  }
}

function compareField(out: Comparison, field: string, expected: unknown, pair: Pair) {
  const atK = byNeighbours(field, pair);
  for (const [label, value] of Object.entries((atK && asFields(expected)) ?? {})) {
    const count = neighbours(label, pair.k.rows);
    const wanted = numericOrNull(value);
    if (atK && count !== undefined && wanted !== undefined) {
      out.value(`${field}.${label}`, atK(count), wanted);
    }
  }
  const wanted = numericOrNull(expected);
  if (wanted !== undefined) {
    const value = ckaOf(field, pair);
    if (value !== undefined) out.value(field, value, wanted);
  }
  if (field === "clip_threshold_exact" || field === "clip_threshold_not_exact") {
    const law = field === "clip_threshold_exact" ? "exact" : "perRow";
    const found = pair.raw.map((features) => clipThreshold(features, pair.quantile, law));
    if (Array.isArray(expected)) out.values(field, found, expected.map(Number));
  }
  compareTerms(out, field, expected, pair);
}

/** Kernel alignment of one feature pair: a case for each preprocessing found in the entry. */
export function alignmentCases(entry: ResultEntry): ParityCase[] {
  const nameA = text(entry.fields.A) ?? `${entry.key}.A`;
  const nameB = text(entry.fields.B) ?? `${entry.key}.B`;
  if (!entry.tensors.has(nameA) || !entry.tensors.has(nameB)) return [];
  return Object.entries(entry.fields).flatMap(([name, value]) => {
    const found = PREPROCESSING.exec(name);
    const expected = asFields(value);
    if (!found || !expected) return [];
    const run = () => {
      const raw = [featureMatrix(entry, nameA), featureMatrix(entry, nameB)] as const;
      const [a, b] = [preprocess(raw[0], name), preprocess(raw[1], name)];
      const quantile = Number(found[1] ?? 0) / 100;
      const pair = { a, b, k: linearKernel(a), l: linearKernel(b), raw, quantile };
      const out = new Comparison(entry.tolerance);
      for (const [field, wanted] of Object.entries(expected))
        compareField(out, field, wanted, pair);
      return out.result();
    };
    return [{ name: `${entry.manifestName}/${entry.key}/${name}`, run }];
  });
}

import {
  authPct,
  gramEigenvalues,
  mind,
  vendi,
  vendiOfEigenvalues,
} from "../../src/engine/metrics/diversity";
import { fitGaussian, frechetBetween } from "../../src/engine/metrics/frechet";
import { frechetInfinityWork, infinitySizes } from "../../src/engine/metrics/frechetInfinity";
import { kid } from "../../src/engine/metrics/kid";
import { symmetricEigenvalues } from "../../src/engine/metrics/linalg";
import { l2NormaliseRows, takeRows, type Matrix } from "../../src/engine/metrics/matrix";
import { prdc } from "../../src/engine/metrics/prdc";
import { innerProducts } from "../../src/engine/metrics/products";
import { finish } from "../../src/engine/metrics/work";
import { goldenTensor } from "../golden";
import { Comparison, parseTolerance } from "./comparison";
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

const firstRows = (matrix: Matrix, count: number) =>
  takeRows(
    matrix,
    Array.from({ length: Math.min(count, matrix.rows) }, (_, i) => i),
  );

const toleranceOf = (entry: ResultEntry, field: string) => parseTolerance(entry.tolerances[field]);

/** Kernel of degree 3 on unit rows, (cos / D + 1)³, as dgm-eval's vendi.py writes it. */
function polynomialVendi(features: Matrix): number {
  const unit = l2NormaliseRows(features);
  const kernel = innerProducts(unit, unit);
  const values = kernel.values.map((dot) => (dot / features.cols + 1) ** 3 / features.rows);
  return vendiOfEigenvalues(symmetricEigenvalues({ ...kernel, values }), 1);
}

function compareVendi(out: Comparison, entry: ResultEntry, gen: Matrix) {
  const fields = asFields(entry.fields.vendi) ?? {};
  const actual: Readonly<Record<string, () => number>> = {
    linear_q1: () => vendi(gen, 1),
    linear_q2: () => vendi(gen, 2),
    linear_q_inf: () => vendi(gen, Infinity),
    linear_q1_unnormalised: () => vendiOfEigenvalues(gramEigenvalues(gen), 1),
    note_polynomial_q1: () => polynomialVendi(gen),
  };
  for (const [field, value] of Object.entries(actual)) {
    const expected = numeric(fields[field]);
    // one of them is 1e-44: only a relative limit says anything
    const tolerance = { ...toleranceOf(entry, "vendi"), abs: 0 };
    if (expected !== undefined) out.value(`vendi.${field}`, value(), expected, tolerance);
  }
}

function compareInfinity(out: Comparison, entry: ResultEntry, train: Matrix, gen: Matrix) {
  const fields = asFields(entry.fields.fd_infinity);
  const sizes = numbers(fields?.sizes);
  if (!fields || !sizes) return;
  const order = tensorNumbers(entry, "fd_infinity.permutations");
  const width = goldenTensor(entry.tensors, "fd_infinity.permutations").shape[1] ?? gen.rows;
  const subsets = sizes.map((size, i) => order.subarray(i * width, i * width + size));
  const found = finish(frechetInfinityWork(gen, fitGaussian(train), subsets));
  out.values("fd_infinity.sizes", infinitySizes(gen.rows), sizes);
  numbers(fields.fd_at_size)?.forEach((expected, i) => {
    const tolerance = toleranceOf(entry, "fd");
    out.value(`fd_infinity.fd_at_size[${i}]`, found.distances[i] ?? NaN, expected, tolerance);
  });
  const line = { slope: found.slope, fd_infinity_intercept: found.intercept };
  for (const [field, value] of Object.entries(line)) {
    const expected = numeric(fields[field]);
    const tolerance = toleranceOf(entry, "fd_infinity");
    if (expected !== undefined) out.value(`fd_infinity.${field}`, value, expected, tolerance);
  }
}

function compareBattery(out: Comparison, entry: ResultEntry, train: Matrix, gen: Matrix) {
  const { distance } = frechetBetween(fitGaussian(train), fitGaussian(gen));
  const fd = numeric(entry.fields.fd);
  if (fd !== undefined) out.value("fd", distance, fd, toleranceOf(entry, "fd"));
  for (const [field, value] of Object.entries(entry.fields)) {
    const expected = numeric(value);
    const count = /^kd_first_(\d+)_rows_each$/.exec(field)?.[1];
    if (count === undefined || expected === undefined) continue;
    out.value(field, kid(firstRows(train, Number(count)), firstRows(gen, Number(count))), expected);
  }
  const authentic = numeric(entry.fields.authpct);
  if (authentic !== undefined) out.value("authpct", authPct(train, gen), authentic);
  for (const [name, value] of Object.entries(entry.fields)) {
    const k = /^prdc_k(\d+)$/.exec(name)?.[1];
    const expected = asFields(value);
    if (k === undefined || !expected) continue;
    const found = prdc(train, gen, Number(k));
    for (const field of ["precision", "recall", "density", "coverage"] as const) {
      const wanted = numeric(expected[field]);
      if (wanted !== undefined) out.value(`${name}.${field}`, found[field], wanted);
    }
  }
  compareVendi(out, entry, gen);
  compareInfinity(out, entry, train, gen);
}

function compareMind(out: Comparison, entry: ResultEntry, train: Matrix, gen: Matrix) {
  const value = numeric(entry.fields.value);
  const count = Number(/first (\d+)/.exec(text(entry.fields.rows) ?? "")?.[1] ?? gen.rows);
  const directions = featureMatrix(entry, "mind.directions");
  const found = mind(firstRows(train, count), firstRows(gen, count), directions);
  if (value !== undefined) out.value("value", found, value, toleranceOf(entry, "mind"));
}

/** The battery of FD-DINOv2's evaluation on a training and a generated set. */
export function batteryCases(entry: ResultEntry): ParityCase[] {
  const [nameTrain, nameGen] = [text(entry.fields.train), text(entry.fields.gen)];
  if (!nameTrain || !nameGen) return [];
  const run = () => {
    const [train, gen] = [featureMatrix(entry, nameTrain), featureMatrix(entry, nameGen)];
    const out = new Comparison(entry.tolerance);
    if ("fd" in entry.fields) compareBattery(out, entry, train, gen);
    if (entry.key === "mind") compareMind(out, entry, train, gen);
    return out.result();
  };
  return [{ name: `${entry.manifestName}/${entry.key}`, run }];
}

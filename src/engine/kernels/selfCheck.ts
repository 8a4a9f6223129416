import * as tf from "@tensorflow/tfjs-core";
import { attempt } from "./attempt";
import type { MatMulTuning } from "./device";
import { CHECK_CASES, type CheckCase, type CheckCases } from "./selfCheckCases";
import type { StudioBackend } from "./studioBackend";
import type { CheckTuning, Disagreement, Precision } from "./trustedTuning";

/**
 * Largest allowed error, relative to the largest expected number. In float32 correct kernels stay below 1e-5. In
 * float16, operands are rounded and four products are multiplied and added: terms of one sign are off by at most
 * 6 roundings of 2^-11, which is 2.9e-3. One lost term of 136 changes a sum by 7e-3 on average, and the worst of the
 * many sums by more.
 */
const TOLERANCE: Readonly<Record<Precision, number>> = { float32: 1e-3, float16: 5e-3 };

/** Checks of a device's kernels, made at a start before the kernels are used. */
export interface SelfCheck {
  readonly tuning: CheckTuning;
  /** Operations that no tuning changes. */
  readonly fixed: () => Promise<readonly Disagreement[]>;
  /** Checks the twins of these operations, which run on tfjs' own kernels and replace kernels that failed. */
  readonly twins: (operations: ReadonlySet<string>) => Promise<readonly Disagreement[]>;
}

type Results = readonly Float32Array[];

/** Runs a case on the current backend and reads its results. */
async function resultsOf({ run }: CheckCase): Promise<Results> {
  const tensors = tf.tidy(run);
  try {
    const read = await Promise.all(tensors.map((tensor) => tensor.data()));
    return read.map((values) => Float32Array.from(values));
  } finally {
    tf.dispose(tensors);
  }
}

/** The largest difference between two results, relative to the largest expected number. */
function largestError(actual: Float32Array, expected: Float32Array): number {
  let [error, largest] = [0, 1e-30];
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] ?? NaN) - (expected[i] ?? NaN));
    if (Number.isNaN(difference)) return NaN;
    error = Math.max(error, difference);
    largest = Math.max(largest, Math.abs(expected[i] ?? 0));
  }
  return error / largest;
}

/** What is wrong with results, in words; undefined when they agree. */
function difference(actual: Results, expected: Results, tolerance: number): string | undefined {
  const errors = expected.map((values, i) => largestError(actual[i] ?? new Float32Array(), values));
  const error = errors.find((one) => !(one <= tolerance));
  if (error === undefined) return undefined;
  return Number.isFinite(error) ? `off by ${Number(error.toPrecision(2))}` : "gives no number";
}

/** Compiles side by side what the cases need. @returns for each case why it cannot be compiled, or undefined */
async function compile(
  backend: StudioBackend,
  cases: readonly CheckCase[],
): Promise<readonly (string | undefined)[]> {
  const compiled = async (some: readonly CheckCase[]): Promise<string | undefined> => {
    const dryRun = () => {
      for (const { run } of some) tf.dispose(tf.tidy(run));
    };
    const result = await attempt(backend.device, () => backend.compile(dryRun, () => undefined));
    return result.ok ? undefined : result.reason;
  };
  if ((await compiled(cases)) === undefined) return cases.map(() => undefined);
  const reasons: (string | undefined)[] = [];
  for (const one of cases) reasons.push(await compiled([one]));
  return reasons;
}

/** Results of cases on tfjs' cpu backend, each computed once; the backend in force is put back. */
function createReferences(): (one: CheckCase) => Promise<Results> {
  const own = tf.getBackend();
  const known = new Map<CheckCase, Results>();
  return async (one) => {
    const before = known.get(one);
    if (before) return before;
    await tf.setBackend("cpu");
    try {
      const results = await resultsOf(one);
      known.set(one, results);
      return results;
    } finally {
      await tf.setBackend(own);
    }
  };
}

/** What is wrong with a case on the device, in words; undefined when nothing is. */
type FaultOf = (one: CheckCase, tolerance: number) => Promise<string | undefined>;

function createFaultOf(backend: StudioBackend): FaultOf {
  const referenceOf = createReferences();
  return async (one, tolerance) => {
    const expected = await referenceOf(one);
    const result = await attempt(backend.device, () => resultsOf(one));
    return result.ok ? difference(result.value, expected, tolerance) : `fails: ${result.reason}`;
  };
}

/** Compiles and runs cases. @returns those that are wrong on the device */
async function check(
  backend: StudioBackend,
  faultOf: FaultOf,
  cases: readonly CheckCase[],
  tolerance: number,
): Promise<readonly Disagreement[]> {
  const found: Disagreement[] = [];
  const uncompiled = await compile(backend, cases);
  for (const [i, one] of cases.entries()) {
    const why = uncompiled[i];
    const reason = why ? `does not compile: ${why}` : await faultOf(one, tolerance);
    if (reason) found.push({ operation: one.operation, reason });
  }
  return found;
}

/** Runs `work` with a tuning and a precision, and puts back those that were set. */
async function withTuning<T>(
  backend: StudioBackend,
  tuning: MatMulTuning,
  precision: Precision,
  work: () => Promise<T>,
): Promise<T> {
  const { tuning: before, mixedPrecision } = backend;
  backend.tuning = tuning;
  backend.mixedPrecision = precision === "float16";
  try {
    return await work();
  } finally {
    backend.tuning = before;
    backend.mixedPrecision = mixedPrecision;
  }
}

/**
 * Compares kernels of the forward and the backward pass with their twins on tfjs' cpu backend, which must be
 * registered. Some GPUs compute zeros, or something else, without an error. Leaves the backend as it was, with every
 * program that was checked compiled.
 */
export function createSelfCheck(
  backend: StudioBackend,
  { products, byKind, fixed }: CheckCases = CHECK_CASES,
): SelfCheck {
  const faultOf = createFaultOf(backend);
  const checked = (cases: readonly CheckCase[], precision: Precision) =>
    check(backend, faultOf, cases, TOLERANCE[precision]);
  /** Findings about operations that only the kind of a tuning changes. */
  const foundByKind = new Map<MatMulTuning["kind"], readonly Disagreement[]>();
  const ofKind = async (kind: MatMulTuning["kind"]): Promise<readonly Disagreement[]> => {
    const found = foundByKind.get(kind) ?? (await checked(byKind, "float32"));
    foundByKind.set(kind, found);
    return found;
  };
  return {
    tuning: (tuning, precision) =>
      withTuning(backend, tuning, precision, async () => {
        const found = await checked(products, precision);
        return precision === "float16" ? found : [...found, ...(await ofKind(tuning.kind))];
      }),
    fixed: () => checked(fixed, "float32"),
    twins: async (operations) => {
      const found: Disagreement[] = [];
      const cases = [...products, ...byKind, ...fixed];
      for (const one of cases.filter(({ operation }) => operations.has(operation))) {
        const reason = await faultOf(one, TOLERANCE.float32);
        if (reason) found.push({ operation: one.operation, reason });
      }
      return found;
    },
  };
}

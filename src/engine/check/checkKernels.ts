import * as tf from "@tensorflow/tfjs-core";
import type { MatMulTuning } from "../kernels/device";
import type { StudioBackend } from "../kernels/studioBackend";
import { tuningName } from "../kernels/tuningName";
import type { KernelCase } from "./kernelCase";
import { sizeOf } from "./operands";

/** How a case is run: with these tiles, in this precision. */
export interface KernelSetting {
  readonly tuning: MatMulTuning;
  readonly float16: boolean;
}

export interface KernelResult {
  readonly name: string;
  readonly operation: string;
  readonly tuning: string;
  readonly precision: "float32" | "float16";
  /** Largest difference over the case's unit + the largest expected number; NaN where the kernel gave no result. */
  readonly error: number;
  readonly tolerance: number;
  readonly ok: boolean;
  /** What was thrown instead of a result. */
  readonly problem?: string;
}

/**
 * Operands are rounded to 11 bits and products added four at a time in float16: each term has twice an error of
 * 2^-11 of itself, of any sign, so that a sum of some hundred normal numbers is off by 1e-3 of the largest at most.
 */
const FLOAT16_TOLERANCE = 2e-3;

interface Numbers {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** The settings under which a family's kernels differ on a device. */
export function settingsOf(
  { family }: Pick<KernelCase, "family">,
  tunings: readonly MatMulTuning[],
  hasFloat16: boolean,
): KernelSetting[] {
  if (family === "product") {
    const precisions = hasFloat16 ? [false, true] : [false];
    return tunings.flatMap((tuning) => precisions.map((float16) => ({ tuning, float16 })));
  }
  const kinds = new Set(tunings.map(({ kind }) => kind));
  return [...kinds].flatMap((kind) => {
    const tuning = tunings.find((candidate) => candidate.kind === kind);
    return tuning ? [{ tuning, float16: false }] : [];
  });
}

async function outputsOn(
  backend: string,
  kernelCase: KernelCase,
  operands: readonly Numbers[],
): Promise<Numbers[]> {
  await tf.setBackend(backend);
  const outputs = tf.tidy(() =>
    kernelCase.run(
      kernelCase.operands.map(({ dtype }, i) => {
        const { shape = [], values = new Float32Array() } = operands[i] ?? {};
        return tf.tensor(values, [...shape], dtype);
      }),
    ),
  );
  const read: Numbers[] = [];
  for (const output of outputs) {
    read.push({ shape: output.shape, values: Float32Array.from(await output.data()) });
  }
  tf.dispose(outputs);
  return read;
}

/** Largest difference over `unit` + the largest expected number; NaN when a number is missing or is none. */
export function largestError(
  found: readonly Numbers[],
  expected: readonly Numbers[],
  unit = 1,
): number {
  let worst = found.length === expected.length ? 0 : NaN;
  expected.forEach(({ shape, values }, i) => {
    const got = found[i];
    if (got?.shape.join() !== shape.join()) worst = NaN;
    let [error, largest] = [0, 0];
    for (let at = 0; at < values.length; at++) {
      const difference = Math.abs((got?.values[at] ?? NaN) - (values[at] ?? NaN));
      error = Math.max(error, difference); // Math.max keeps a NaN; a comparison would not
      largest = Math.max(largest, Math.abs(values[at] ?? 0));
    }
    worst = Math.max(worst, error / (unit + largest));
  });
  return worst;
}

/** A case with what its twin gives on tfjs' cpu backend, computed when it is first asked for. */
export interface ExpectedCase {
  readonly kernelCase: KernelCase;
  readonly expected: () => Promise<{
    readonly operands: readonly Numbers[];
    readonly outputs: readonly Numbers[];
  }>;
}

export function withExpected(kernelCase: KernelCase): ExpectedCase {
  const compute = async () => {
    await tf.setBackend("cpu");
    const operands = kernelCase.operands.map(({ shape, values }) => ({
      shape,
      // computed operands of whole numbers do not exist: float32 holds these exactly
      values: Float32Array.from(values()),
    }));
    return { operands, outputs: await outputsOn("cpu", kernelCase, operands) };
  };
  let known: ReturnType<typeof compute> | undefined;
  return { kernelCase, expected: () => (known ??= compute()) };
}

export interface KernelJob {
  readonly expected: ExpectedCase;
  readonly setting: KernelSetting;
}

/**
 * Compiles the programs of some cases in parallel, outside of this thread, without running any. A program that does
 * not compile is reported when its case runs.
 */
export async function compileKernels(
  jobs: readonly KernelJob[],
  backend: StudioBackend,
  backendName: string,
): Promise<void> {
  const before = { tuning: backend.tuning, mixedPrecision: backend.mixedPrecision };
  await tf.setBackend(backendName);
  const encode = () => {
    for (const { expected, setting } of jobs) {
      const { kernelCase } = expected;
      Object.assign(backend, { tuning: setting.tuning, mixedPrecision: setting.float16 });
      tf.tidy(() => {
        kernelCase.run(
          kernelCase.operands.map(({ shape, dtype }) =>
            tf.tensor(new Float32Array(sizeOf(shape)), [...shape], dtype),
          ),
        );
      });
    }
  };
  const compiling = (() => {
    try {
      return backend.compile(encode, () => undefined);
    } finally {
      Object.assign(backend, before); // the programs have been chosen
    }
  })();
  await compiling.catch(() => undefined);
}

/** Runs one case's kernel on `backend`, registered with tfjs as `backendName`, in one setting. Never throws. */
export async function checkKernel(
  { kernelCase, expected }: ExpectedCase,
  backend: StudioBackend,
  backendName: string,
  { tuning, float16 }: KernelSetting,
): Promise<KernelResult> {
  const { name, operation } = kernelCase;
  const tolerance = float16 ? FLOAT16_TOLERANCE : kernelCase.tolerance;
  const described = {
    name,
    operation,
    tuning: tuningName(tuning),
    precision: float16 ? ("float16" as const) : ("float32" as const),
    tolerance,
  };
  const before = { tuning: backend.tuning, mixedPrecision: backend.mixedPrecision };
  try {
    const { operands, outputs } = await expected();
    Object.assign(backend, { tuning, mixedPrecision: float16 });
    const found = await outputsOn(backendName, kernelCase, operands);
    const error = largestError(found, outputs, kernelCase.unit);
    return { ...described, error, ok: error <= tolerance };
  } catch (thrown) {
    const problem = thrown instanceof Error ? thrown.message : String(thrown);
    return { ...described, error: NaN, ok: false, problem };
  } finally {
    Object.assign(backend, before);
  }
}

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stepFloor } from "../../../src/engine/bench/roofline";
import {
  tokenCount,
  workloadBatch,
  workloadValues,
  type BatchArrays,
  type Workload,
} from "../../../src/engine/bench/workloads";
import { randomNormal } from "../../../src/common/math/rng";
import { projectorScope } from "../../../src/engine/models/projector";
import {
  linearRules,
  transformerParameters,
  type InitialValues,
} from "../../../src/engine/models/transformerInit";
import type { FloatFile, TorchRequest } from "../pytorch/client";

/** Batches of a workload, made once: those of a large model take a second each to make. */
const BATCHES = 2;
/** Above this, true first values would take ten seconds to make and half a gigabyte to pass on. */
const MOST_SHARED = 20e6;
/** Normals that large models' values repeat; a prime number, so that rows of a matrix differ. */
const CYCLE = 65_537;
const STD = 0.02;

/** What every variant of a workload starts from and is fed with. */
export interface WorkloadNumbers {
  readonly values: InitialValues;
  readonly batchOf: (step: number) => BatchArrays;
  /** The same numbers as files for PyTorch; undefined for a large model, where it makes its own. */
  readonly torchData: TorchRequest["data"] | undefined;
  /** Removes the files. */
  readonly dispose: () => void;
}

/** Weights of a large model: dense and finite, which is all that a time depends on. Biases are zero. */
export function repeatedValues({ shape, projectorWidth, featureWidth }: Workload): InitialValues {
  const cycle = randomNormal({ seed: 0, stream: "gpu-check/values" }, CYCLE).map((x) => STD * x);
  const scope = projectorScope(0);
  const rules = {
    ...transformerParameters(shape),
    ...linearRules(`${scope}.0`, shape.width, projectorWidth),
    ...linearRules(`${scope}.2`, projectorWidth, projectorWidth),
    ...linearRules(`${scope}.4`, projectorWidth, featureWidth),
  };
  return Object.fromEntries(
    Object.entries(rules).map(([name, { shape: dims }]) => {
      const values = new Float32Array(dims.reduce((product, size) => product * size, 1));
      if (dims.length > 1) {
        for (let at = 0; at < values.length; at += CYCLE) {
          values.set(cycle.subarray(0, Math.min(CYCLE, values.length - at)), at);
        }
      }
      return [name, { shape: dims, values }];
    }),
  );
}

type Named = readonly (readonly [name: string, shape: readonly number[], values: Float32Array])[];

/** Writes arrays one after another, as they lie in memory (little-endian). */
export function writeFloats(path: string, arrays: Named): FloatFile {
  const bytes = arrays.map(([, , { buffer, byteOffset, byteLength }]) =>
    Buffer.from(buffer, byteOffset, byteLength),
  );
  writeFileSync(path, Buffer.concat(bytes));
  return { path, tensors: arrays.map(([name, shape]) => [name, shape] as const) };
}

function torchFiles(
  folder: string,
  workload: Workload,
  values: InitialValues,
  batches: readonly BatchArrays[],
): TorchRequest["data"] {
  const { batch, shape, featureWidth } = workload;
  const latent = [batch, shape.inputSide, shape.inputSide, shape.inChannels];
  const parameters = Object.entries(values).map(
    ([name, value]) => [name, value.shape, value.values] as const,
  );
  return {
    values: writeFloats(join(folder, "values.f32"), parameters),
    batches: batches.map(({ latents, noise, t, labels, features }, i) => ({
      ...writeFloats(join(folder, `batch${i}.f32`), [
        ["latents", latent, latents],
        ["noise", latent, noise],
        ["t", [batch], t],
        ["features", [batch, tokenCount(workload), featureWidth], features],
      ]),
      labels: [...labels],
    })),
  };
}

/** @param withTorch whether anybody reads the files */
export function workloadNumbers(workload: Workload, withTorch: boolean): WorkloadNumbers {
  const shared = stepFloor(workload).parameters <= MOST_SHARED;
  const values = shared ? workloadValues(workload) : repeatedValues(workload);
  const batches = Array.from({ length: BATCHES }, (_, i) => workloadBatch(workload, i));
  const batchOf = (step: number) => batches[step % BATCHES] ?? workloadBatch(workload, step);
  if (!shared || !withTorch) {
    return { values, batchOf, torchData: undefined, dispose: () => undefined };
  }
  const folder = mkdtempSync(join(tmpdir(), "gpu-check-"));
  return {
    values,
    batchOf,
    torchData: torchFiles(folder, workload, values, batches),
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}

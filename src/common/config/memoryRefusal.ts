import type { Failure } from "../errors/studioError";
import type { Experiment } from "./experiment";
import { FAMILY_LABELS } from "./modelFamily";
import { memoryPlan, stepKindOf, type MemoryPlan } from "./memoryPlan";
import {
  changesText,
  isWithinBudget,
  isWithinBufferLimit,
  memorySuggestions,
  type MemoryLimits,
} from "./memorySuggestions";
import { experimentParameterCount } from "./sizes";

/** Most that the heap of tfjs' wasm backend (4.22) may grow to: 65535 pages of 64 KiB. */
export const WASM_HEAP_BYTES = 65_535 * 65_536;

/** Bytes of heap for a byte of tensors: between tensors of other sizes some lies unused (measured: 1.09 at B/2, 1.13 at S/2). */
const HEAP_SHARE = 1.13;

/** What is known of a device before a run starts on it. */
export interface RunDevice {
  readonly backend: "webgpu" | "wasm" | "cpu";
  readonly maxBufferBytes?: number;
  readonly maxBindingBytes?: number;
}

const gb = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;

/** A device's limits that a run is known to pass or not. How much memory a GPU or a machine has, nobody says. */
export function limitsOf({ backend, maxBufferBytes, maxBindingBytes }: RunDevice): MemoryLimits {
  return {
    step: stepKindOf(backend),
    budgetBytes: backend === "wasm" ? WASM_HEAP_BYTES / HEAP_SHARE : Infinity,
    ...(maxBufferBytes !== undefined && { maxBufferBytes }),
    ...(maxBindingBytes !== undefined && { maxBindingBytes }),
  };
}

/** What would fit, as an instruction. */
function hintOf(experiment: Experiment, limits: MemoryLimits, otherwise: string): string {
  const offers = memorySuggestions(experiment, limits).map(
    ({ changes, peakBytes }) =>
      `${changesText(changes, experiment.model.family)} (${gb(peakBytes)})`,
  );
  return offers.length === 0
    ? `Choose a smaller model, or ${otherwise}.`
    : `These would fit: ${offers.join("; ")}. Or ${otherwise}.`;
}

const subjectOf = (experiment: Experiment, { peakBytes }: MemoryPlan): string => {
  const { model, optimizer } = experiment;
  const millions = Math.round(experimentParameterCount(experiment) / 1e6);
  const size =
    model.size === "custom" ? "The model" : `${FAMILY_LABELS[model.family]}-${model.size}`;
  return `${size} (${millions} M parameters) at batch ${optimizer.microBatch ?? optimizer.batchSize} takes ${gb(peakBytes)}`;
};

/** From so many bytes on a GPU is asked whether it gives them: anything less fits wherever a page does. */
const ASKED_FROM_BYTES = 2e9;

/** Bytes of state and step that a GPU should be asked for before a run starts on it; null where that is needless. */
export function bytesToAsk(experiment: Experiment): number | null {
  const { stateBytes, trainingBytes } = memoryPlan(experiment);
  const bytes = stateBytes + trainingBytes;
  return bytes < ASKED_FROM_BYTES ? null : bytes;
}

/** Why a run cannot start on a GPU that did not give what it was asked for. */
export function roomRefusal(experiment: Experiment): Failure {
  const plan = memoryPlan(experiment);
  const budgetBytes = plan.peakBytes - 1; // how much there is, it did not say: less than this
  return {
    code: "OUT_OF_MEMORY",
    message: `${subjectOf(experiment, plan)} by the memory plan; the GPU has no room for it.`,
    hint: hintOf(experiment, { budgetBytes }, "close other pages that use the GPU"),
  };
}

/**
 * Why a run cannot start on a device; null where nothing is known against it.
 * @returns a failure OUT_OF_MEMORY with both numbers, and what would fit
 */
export function memoryRefusal(experiment: Experiment, device: RunDevice): Failure | null {
  const limits = limitsOf(device);
  const plan = memoryPlan(experiment, limits.step);
  if (device.backend === "wasm" && !isWithinBudget(plan, limits)) {
    return {
      code: "OUT_OF_MEMORY",
      message: `${subjectOf(experiment, plan)} by the memory plan; WebAssembly has ${gb(WASM_HEAP_BYTES)} at most, and some of it lies unused between tensors.`,
      hint: hintOf(experiment, limits, "use a browser and a device with WebGPU"),
    };
  }
  if (device.backend === "webgpu" && !isWithinBufferLimit(plan, limits)) {
    const most = Math.min(device.maxBufferBytes ?? Infinity, device.maxBindingBytes ?? Infinity);
    const { name, bytes } = plan.largestBuffer;
    return {
      code: "OUT_OF_MEMORY",
      message: `This GPU binds at most ${gb(most)} at once; ${name} would take ${gb(bytes)}.`,
      hint: hintOf(experiment, limits, "use another GPU"),
    };
  }
  return null;
}

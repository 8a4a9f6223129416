import { Experiment, MODEL_SIZES, type ExperimentGroup } from "./experiment";
import { FAMILY_LABELS, type ModelFamily } from "./modelFamily";
import { memoryPlan, type MemoryPlan, type StepKind } from "./memoryPlan";
import { keepsResult, settingAt } from "./settings";
import { experimentParameterCount, type NamedSize } from "./sizes";

/** What a plan is held to; a device's limits are left out while they are not known. */
export interface MemoryLimits {
  /** GPU memory the run may take, set by the person at the page: browsers do not say how much there is. */
  readonly budgetBytes: number;
  /** WebGPU's maxBufferSize and maxStorageBufferBindingSize. */
  readonly maxBufferBytes?: number;
  readonly maxBindingBytes?: number;
  /** How steps are computed there; fused where it is absent. */
  readonly step?: StepKind;
}

export const DEFAULT_BUDGET_BYTES = 4e9;

/** Largest piece of a buffer a shader may see at once. */
const bufferLimit = ({ maxBufferBytes, maxBindingBytes }: MemoryLimits): number =>
  Math.min(maxBufferBytes ?? Infinity, maxBindingBytes ?? Infinity);

export const isWithinBudget = (plan: MemoryPlan, limits: MemoryLimits): boolean =>
  plan.peakBytes <= limits.budgetBytes;

export const isWithinBufferLimit = (plan: MemoryPlan, limits: MemoryLimits): boolean =>
  plan.largestBuffer.bytes <= bufferLimit(limits);

export const planFits = (plan: MemoryPlan, limits: MemoryLimits): boolean =>
  isWithinBudget(plan, limits) && isWithinBufferLimit(plan, limits);

/** One setting to change, as the form sets it. */
export interface SettingChange {
  readonly group: ExperimentGroup;
  readonly name: string;
  readonly value: string | number | boolean;
}

/** Settings under which the run fits, and what it then takes. */
export interface MemorySuggestion {
  readonly changes: readonly SettingChange[];
  readonly peakBytes: number;
  /** The same training, only slower: no other model, no other objective. */
  readonly sameResult: boolean;
}

const microBatchChange = (size: number): SettingChange => ({
  group: "optimizer",
  name: "microBatch",
  value: size,
});
const RECOMPUTE: SettingChange = { group: "optimizer", name: "recompute", value: true };
const sizeChange = (size: NamedSize): SettingChange => ({
  group: "model",
  name: "size",
  value: size,
});

/** An experiment with some settings changed. @throws ZodError when a value is not the setting's */
export const withChanges = (
  experiment: Experiment,
  changes: readonly SettingChange[],
): Experiment =>
  Experiment.parse(
    changes.reduce(
      (next, { group, name, value }) => ({ ...next, [group]: { ...next[group], [name]: value } }),
      experiment,
    ),
  );

/** Micro-batches smaller than the current one, the largest first. */
function smallerMicroBatches({ optimizer }: Experiment): number[] {
  const { batchSize, microBatch } = optimizer;
  const now = microBatch ?? batchSize;
  return Array.from({ length: batchSize }, (_, i) => batchSize - i).filter(
    (size) => size < now && batchSize % size === 0,
  );
}

/** Named sizes with fewer parameters than the current model, the largest first. */
function smallerModels(experiment: Experiment): NamedSize[] {
  const countOf = (size: NamedSize) =>
    experimentParameterCount(withChanges(experiment, [sizeChange(size)]));
  const now = experimentParameterCount(experiment);
  return MODEL_SIZES.filter((size) => size !== "custom")
    .filter((size) => countOf(size) < now)
    .sort((a, b) => countOf(b) - countOf(a));
}

const told = ({ changes }: MemorySuggestion): string => JSON.stringify(changes);

/**
 * What to change so that a run fits: of each kind of change (micro-batches, recomputation, a smaller model) the
 * smallest that fits. Micro-batches are joined with recomputation only where neither is enough; a smaller model is
 * offered alone and, where that keeps a larger one, together with them. Empty when the run fits as it is, and when
 * nothing tried here would make it fit. Those that leave the result alone come first.
 */
export function memorySuggestions(
  experiment: Experiment,
  limits: MemoryLimits,
): readonly MemorySuggestion[] {
  const keepsMicroBatchResult = experiment.alignment.objective !== "ntxent";
  const suggestion = (changes: readonly SettingChange[]): MemorySuggestion | undefined => {
    const plan = memoryPlan(withChanges(experiment, changes), limits.step);
    if (!planFits(plan, limits)) return undefined;
    const sameResult = changes.every(({ group, name }) => {
      const setting = settingAt(`${group}.${name}`);
      return setting !== undefined && keepsResult(setting, experiment);
    });
    return { changes, peakBytes: plan.peakBytes, sameResult };
  };
  const firstOf = (candidates: readonly (readonly SettingChange[])[]) => {
    for (const changes of candidates) {
      const fitting = suggestion(changes);
      if (fitting) return [fitting];
    }
    return [];
  };
  if (planFits(memoryPlan(experiment, limits.step), limits)) return [];

  const parts = smallerMicroBatches(experiment).map(microBatchChange);
  const models = smallerModels(experiment).map(sizeChange);
  const recompute = experiment.optimizer.recompute ? [] : [RECOMPUTE];
  const both = recompute.flatMap((change) => parts.map((part) => [change, part]));
  const single = [
    ...firstOf(parts.map((part) => [part])),
    ...firstOf(recompute.map((change) => [change])),
  ];
  const cheap = single.length > 0 ? single : firstOf(both);
  const alone = [parts, recompute].map((kind) => kind.map((change) => [change]));
  const helpers = [[], ...(keepsMicroBatchResult ? alone : alone.reverse()).flat(), ...both];
  const helped = models.flatMap((size) => helpers.map((changes) => [size, ...changes]));
  const smaller = [...firstOf(helped), ...firstOf(models.map((size) => [size]))];
  const offered = [...cheap, ...smaller].filter(
    (one, i, all) => all.findIndex((other) => told(other) === told(one)) === i,
  );
  return [...offered].sort((a, b) => Number(b.sameResult) - Number(a.sameResult));
}

/** "SiT-S, micro-batches of 32": a suggestion in words. */
export function changesText(changes: readonly SettingChange[], family: ModelFamily): string {
  const text = changes.map(({ name, value }) => {
    if (name === "microBatch") return `micro-batches of ${String(value)}`;
    if (name === "recompute") return "recompute blocks";
    return `${FAMILY_LABELS[family]}-${String(value)}`;
  });
  const joined = text.join(", ");
  return joined.charAt(0).toUpperCase() + joined.slice(1);
}

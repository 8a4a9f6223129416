import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { z } from "zod";
import { EncoderId, Experiment, TimelineEntry } from "../../common/config/experiment";
import { hasNullLabel } from "../../common/config/nullLabel";
import { dataShape } from "../../common/config/sizes";
import { StudioError } from "../../common/errors/studioError";
import {
  emptySafetensors,
  parseSafetensors,
  type SafetensorsTensor,
} from "../../common/formats/safetensors";
import { mapRecord, namesOf } from "../../common/math/records";
import { isFrozen } from "../models/transformerInit";
import type { ParamMap } from "../nn/params";
import { stateTensors, type TrainState } from "./trainState";

/** The maps of the state and their prefixes in the file; `model` and `ema` are the reference's names. */
const PREFIXES = {
  params: "model.",
  ema: "ema.",
  expAvg: "exp_avg.",
  expAvgSq: "exp_avg_sq.",
} as const;
type StateMap = keyof typeof PREFIXES;

const METADATA_KEY = "repa_studio";
const FORMAT_VERSION = 1;
/** Characters of what is wrong with a description that a message repeats. */
const MAX_ISSUE_CHARS = 1000;

/** What a checkpoint holds besides its tensors. Randomness needs no state: it is a function of seed and step. */
const CheckpointInfo = z.strictObject({
  version: z.literal(FORMAT_VERSION),
  step: z.int().min(0),
  experiment: Experiment,
  timeline: z.array(TimelineEntry),
  /** Encoders by the index of their projector. */
  projectors: z.array(EncoderId),
  projectorSteps: z.record(z.string(), z.int().min(0)),
});
export type CheckpointInfo = Omit<
  z.infer<typeof CheckpointInfo>,
  "version" | "step" | "projectorSteps"
>;

const bad = (message: string, cause?: unknown) =>
  new StudioError(
    "BAD_CHECKPOINT",
    message,
    "Resume from an earlier checkpoint, or start the run again from its link.",
    cause === undefined ? undefined : { cause },
  );

/** Bytes of tensors that are read from the device side by side: one by one they would wait for each other. */
const READ_BYTES = 64e6;

/** Bytes of a float32 state as a checkpoint holds it, without the header's. */
export const stateBytes = (state: TrainState): number =>
  stateTensors(state).reduce((sum, { size }) => sum + size * Float32Array.BYTES_PER_ELEMENT, 0);

/** Tensors in groups of about READ_BYTES, in their order. */
function readGroups<T extends readonly [string, Tensor]>(named: readonly T[]): T[][] {
  const groups: T[][] = [];
  let bytes = Infinity;
  for (const one of named) {
    const own = one[1].size * Float32Array.BYTES_PER_ELEMENT;
    if (bytes + own > READ_BYTES) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)?.push(one);
    bytes += own;
  }
  return groups;
}

/**
 * The whole training state as one safetensors file, float32 bit by bit: `model.NAME`, `ema.NAME`,
 * `exp_avg.NAME`, `exp_avg_sq.NAME`, and experiment, timeline, projectors and step as JSON metadata.
 * The state must not change or be disposed before this resolves. Beside the file no more than READ_BYTES are held.
 */
export async function encodeCheckpoint(
  state: TrainState,
  info: Readonly<{
    experiment: Experiment;
    timeline: readonly TimelineEntry[];
    projectors: readonly EncoderId[];
  }>,
): Promise<ArrayBuffer> {
  const named = namesOf(PREFIXES).flatMap((map) =>
    Object.entries(state[map]).map(([name, tensor]) => [PREFIXES[map] + name, tensor] as const),
  );
  const { step, projectorSteps } = state;
  const json = JSON.stringify({ version: FORMAT_VERSION, step, projectorSteps, ...info });
  const { file, write } = emptySafetensors(
    named.map(([name, { shape }]) => [name, { dtype: "F32", shape }]),
    { format: "pt", [METADATA_KEY]: json },
  );
  for (const group of readGroups(named)) {
    await Promise.all(
      group.map(async ([name, tensor]) => write(name, await tensor.data<"float32">())),
    );
  }
  return file;
}

function parseInfo(metadata: Readonly<Record<string, string>>) {
  const text = metadata[METADATA_KEY];
  if (text === undefined) throw bad("The file is not a checkpoint of this studio.");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw bad("The checkpoint's description is not JSON.", error);
  }
  const version = z.looseObject({ version: z.number() }).safeParse(json).data?.version;
  if (version !== undefined && version > FORMAT_VERSION) {
    throw bad(`The checkpoint has format ${version}; this studio reads ${FORMAT_VERSION}.`);
  }
  const parsed = CheckpointInfo.safeParse(json);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  // a hostile one has thousands, each as long as it likes
  const shown = issues.join("; ").slice(0, MAX_ISSUE_CHARS);
  throw bad(`The checkpoint's description is wrong: ${shown}.`, parsed.error);
}

type Arrays = ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }>;

/** The tensors of one part by parameter name, each of dtype F32. */
function partOf(tensors: ReadonlyMap<string, SafetensorsTensor>, prefix: string): Arrays {
  const part = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const [name, { dtype, shape, data }] of tensors) {
    if (!name.startsWith(prefix)) continue;
    if (dtype !== "F32") throw bad(`Tensor "${name}" is ${dtype}; a checkpoint holds F32.`);
    part.set(name.slice(prefix.length), { shape, data });
  }
  return part;
}

/** A part must hold exactly the parameters, in their shapes (the moments: without the frozen ones). */
function assertMatches(prefix: string, part: Arrays, model: Arrays) {
  const withMoments = prefix.startsWith("exp_avg");
  for (const [name, { shape }] of model) {
    const other = part.get(name);
    if (!other) {
      if (withMoments && isFrozen(name)) continue;
      throw bad(`Tensor "${prefix}${name}" is missing.`);
    }
    if (other.shape.join() !== shape.join()) {
      throw new StudioError(
        "SHAPE_MISMATCH",
        `Tensor "${prefix}${name}" has shape [${other.shape.join(", ")}], its parameter [${shape.join(", ")}].`,
        "The checkpoint is damaged: resume from an earlier one.",
      );
    }
  }
  const stranger = [...part.keys()].find((name) => !model.has(name));
  if (stranger !== undefined) {
    throw bad(`Tensor "${prefix}${stranger}" belongs to no parameter of the checkpoint.`);
  }
}

const LABEL_TABLE = "y_embedder.embedding_table.weight";

/**
 * Earlier versions kept a row of the null label also where labels are never dropped. It was never trained (its gradient is
 * 0, so nothing else depends on it) and is left out.
 */
function withoutUntrainedRow(part: Arrays, experiment: Experiment): Arrays {
  const table = part.get(LABEL_TABLE);
  const { classes } = dataShape(experiment.data);
  const [rows, width = 0] = table?.shape ?? [];
  if (!table || hasNullLabel(experiment) || rows !== classes + 1) return part;
  const kept = { shape: [classes, width], data: table.data.subarray(0, classes * width) };
  return new Map(part).set(LABEL_TABLE, kept);
}

const toTensors = (part: Arrays): ParamMap =>
  Object.fromEntries(
    [...part].map(([name, { shape, data }]) => [
      name,
      tf.tensor(Float32Array.from(data), [...shape], "float32"),
    ]),
  );

/** A checkpoint's checked contents, still in memory. */
export interface CheckpointContents extends CheckpointInfo {
  readonly step: number;
  readonly projectorSteps: TrainState["projectorSteps"];
  readonly parts: Readonly<Record<StateMap, Arrays>>;
}

/**
 * Reads and checks a checkpoint without putting anything on the device.
 * @throws StudioError BAD_SAFETENSORS, BAD_CHECKPOINT or SHAPE_MISMATCH, naming the tensor
 */
export function readCheckpoint(bytes: ArrayBuffer | Uint8Array): CheckpointContents {
  const { tensors, metadata } = parseSafetensors(bytes);
  const { step, projectorSteps, experiment, timeline, projectors } = parseInfo(metadata);
  const parts = mapRecord<StateMap, string, Arrays>(PREFIXES, (prefix) => partOf(tensors, prefix));
  if (parts.params.size === 0) throw bad("The checkpoint holds no parameters.");
  for (const map of namesOf(parts)) assertMatches(PREFIXES[map], parts[map], parts.params);
  const info = { step, projectorSteps, experiment, timeline, projectors };
  return { ...info, parts: mapRecord(parts, (part) => withoutUntrainedRow(part, experiment)) };
}

/** The EMA weights on the device, the caller's to dispose. */
export const emaTensors = ({ parts }: CheckpointContents): ParamMap => toTensors(parts.ema);

/**
 * The whole state on the device; the caller owns it. Nothing is put there before everything is checked.
 * @param expected names and shapes the model must have (without projectors), when the caller knows them
 * @throws StudioError what `readCheckpoint` and `assertParameters` throw
 */
export function decodeCheckpoint(
  bytes: ArrayBuffer | Uint8Array,
  expected?: ExpectedShapes,
): CheckpointInfo & { readonly state: TrainState } {
  const contents = readCheckpoint(bytes);
  if (expected) assertParameters(contents, expected);
  const { step, projectorSteps, experiment, timeline, projectors, parts } = contents;
  const state = { ...mapRecord(parts, toTensors), step, projectorSteps };
  return { state, experiment, timeline, projectors };
}

type ExpectedShapes = Readonly<Record<string, { readonly shape: readonly number[] }>>;

/** @throws StudioError BAD_CHECKPOINT or SHAPE_MISMATCH when a parameter of the model is missing or of another shape */
export function assertParameters({ parts }: CheckpointContents, expected: ExpectedShapes) {
  for (const [name, { shape }] of Object.entries(expected)) {
    const found = parts.params.get(name);
    if (!found) throw bad(`Tensor "model.${name}" is missing.`);
    if (found.shape.join() !== shape.join()) {
      throw new StudioError(
        "SHAPE_MISMATCH",
        `Tensor "model.${name}" has shape [${found.shape.join(", ")}], this model needs [${shape.join(", ")}].`,
        "The checkpoint was saved for another size, patch or number of classes.",
      );
    }
  }
}

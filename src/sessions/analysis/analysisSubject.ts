import { autoencoderRow } from "../../common/catalogue/autoencoders";
import type { FeatureSpaceId } from "../../common/catalogue/featureSpaces";
import type { Experiment } from "../../common/config/experiment";
import { dataShape, gridSide } from "../../common/config/sizes";
import type { ImageDataset } from "../../sources/data/dataset";
import { autoencoderFacts } from "../../engine/encoders/autoencoderFacts";
import { loadAutoencoder, type LoadedAutoencoder } from "../../engine/encoders/loadAutoencoder";
import { StudioError } from "../../common/errors/studioError";
import type { TransformerShape } from "../../engine/models/transformer";
import { transformerParameters } from "../../engine/models/transformerInit";
import type { ParamMap } from "../../engine/nn/params";
import type { AnalysisPlan, OpenedCheckpoint, Subject } from "../../common/protocol/analysis";
import { checkpointHead, contentSha256, readCheckpointOf } from "../../common/storage/checkpoints";
import type { Database, ImageRange } from "../../common/storage/db";
import { getRun } from "../../common/storage/runs";
import {
  assertParameters,
  emaTensors,
  readCheckpoint,
  type CheckpointContents,
} from "../../engine/training/checkpoint";
import { readStateDict } from "../../engine/training/stateDict";
import type { SessionEnvironment } from "../common/environment";
import { networkShapeOf } from "../run/modelState";
import type { ShardMemory } from "../caches/shardedRows";
import { loadTrainingData, type TrainingData } from "../run/trainingData";

/** A checkpoint file that was opened: what it says of itself, and its bytes. */
export interface CheckpointFile {
  readonly about: OpenedCheckpoint;
  readonly bytes: ArrayBuffer;
}

/** A subject with its data. Its weights are loaded onto the device at their first use. */
export interface OpenSubject {
  readonly subject: Subject;
  /** For messages: the run's or the file's name and the step. */
  readonly name: string;
  /** SHA-256 of the checkpoint. */
  readonly sha256: string;
  readonly experiment: Experiment;
  readonly shape: TransformerShape;
  /** Side of its token grid. */
  readonly grid: number;
  readonly data: TrainingData;
  /** The images its run used; undefined: all. */
  readonly ranges: readonly ImageRange[] | undefined;
  /** EMA weights. */
  readonly params: () => Promise<ParamMap>;
  readonly autoencoder: () => Promise<LoadedAutoencoder>;
  /** Gives back what came onto the device. */
  readonly dispose: () => Promise<void>;
}

/** The model shape of an experiment. */
const shapeOf = (experiment: Experiment): TransformerShape =>
  networkShapeOf(experiment, dataShape(experiment.data).classes);

/**
 * Reads a checkpoint and holds its tensors to the model its experiment describes.
 * @param settings of an opened file: the images that a published model's state dict, which names none, is looked at on
 * @throws StudioError BAD_SAFETENSORS, BAD_CHECKPOINT, SHAPE_MISMATCH, or OUT_OF_RANGE for sizes no model can have
 */
export function checkedCheckpoint(
  bytes: ArrayBuffer,
  settings?: Pick<Experiment, "data" | "autoencoder">,
): CheckpointContents {
  const published = settings && readStateDict(bytes, settings);
  const contents = published ?? readCheckpoint(bytes);
  assertParameters(contents, transformerParameters(shapeOf(contents.experiment)));
  return contents;
}

/** A subject's checkpoint bytes and the facts stored with them. */
interface Source {
  readonly name: string;
  readonly sha256: string;
  readonly ranges: readonly ImageRange[] | undefined;
  readonly read: () => Promise<ArrayBuffer>;
  /** Of an opened file: the images it was opened for. */
  readonly settings?: Pick<Experiment, "data" | "autoencoder">;
}

async function sourceOf(
  db: Database,
  subject: Subject,
  files: ReadonlyMap<string, CheckpointFile>,
): Promise<Source> {
  if (subject.kind === "file") {
    const file = files.get(subject.fileId);
    if (!file) {
      throw new StudioError(
        "BAD_CHECKPOINT",
        `The checkpoint file ${subject.fileId.slice(0, 12)} is not open.`,
        "Open the file again.",
      );
    }
    const { name, step, fileId, experiment: settings } = file.about;
    return {
      name: `${name}, step ${step}`,
      sha256: fileId,
      ranges: undefined,
      read: () => Promise.resolve(file.bytes),
      settings,
    };
  }
  const { runId, step } = subject;
  const record = await getRun(db, runId);
  const sha256 = await contentSha256(await checkpointHead(db, runId, step));
  return {
    name: `${record?.name ?? runId}, step ${step}`,
    sha256,
    ranges: record?.imageRanges,
    read: async () => (await readCheckpointOf(db, runId, step)).bytes,
  };
}

/** Made at the first use, and disposed by `release`. */
function onDemand<T>(make: () => Promise<T>, give: (made: T) => void) {
  let made: Promise<T> | undefined;
  return {
    get: () => (made ??= make()),
    release: async () => {
      const making = made;
      made = undefined;
      // nothing to dispose when making it failed; the caller has got the error
      await making?.then(give, () => undefined);
    },
  };
}

export interface SubjectInputs {
  readonly environment: Pick<SessionEnvironment, "readModelFile" | "openWeights">;
  readonly db: Database;
  readonly files: ReadonlyMap<string, CheckpointFile>;
  readonly dataset: (data: Experiment["data"]) => Promise<ImageDataset>;
  readonly memory: ShardMemory;
}

/**
 * Opens a stored run's checkpoint or an opened file, with its data set and caches.
 * @throws StudioError BAD_CHECKPOINT, CHECKSUM_MISMATCH, DATASET_MISSING; CACHE_MISSING where latents are not there
 */
export async function openSubject(
  { environment, db, files, dataset, memory }: SubjectInputs,
  subject: Subject,
): Promise<OpenSubject> {
  const source = await sourceOf(db, subject, files);
  const { experiment } = checkedCheckpoint(await source.read(), source.settings);
  const { id } = experiment.autoencoder;
  const { resolution } = dataShape(experiment.data);
  const { scalingFactor } = autoencoderRow(id);
  const data = await loadTrainingData(db, experiment, {
    dataset: await dataset(experiment.data),
    autoencoder: { ...autoencoderFacts(id, resolution), scalingFactor },
    ranges: source.ranges,
    memory,
  });
  const params = onDemand(
    async () => emaTensors(checkedCheckpoint(await source.read(), source.settings)),
    (map) => Object.values(map).forEach((tensor) => tensor.dispose()),
  );
  const autoencoder = onDemand(
    () => loadAutoencoder(id, resolution, environment),
    (loaded) => loaded.dispose(),
  );
  return {
    subject,
    name: source.name,
    sha256: source.sha256,
    experiment,
    shape: shapeOf(experiment),
    grid: gridSide(experiment),
    data,
    ranges: source.ranges,
    params: params.get,
    autoencoder: autoencoder.get,
    dispose: async () => {
      await params.release();
      await autoencoder.release();
    },
  };
}

/** The spaces whose features a plan reads: its encoders, and where samples are measured. */
const spacesOf = ({ encoders, samples }: AnalysisPlan): FeatureSpaceId[] => [
  ...new Set([...encoders, ...(samples ? [samples.space] : [])]),
];

/** Looks that every cache a plan reads is there, before anything is computed. @throws StudioError CACHE_MISSING */
export async function assertCached({ data }: OpenSubject, plan: AnalysisPlan): Promise<void> {
  for (const space of spacesOf(plan)) await data.features(space);
}

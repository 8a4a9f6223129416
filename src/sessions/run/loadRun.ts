import {
  alignmentAt,
  type ControlChange,
  type Experiment,
  type TimelineEntry,
} from "../../common/config/experiment";
import { lastImagePart, startsEarly, type ImagePart } from "../../common/config/imageEntries";
import { bytesToAsk, memoryRefusal, roomRefusal } from "../../common/config/memoryRefusal";
import { guidanceInForce } from "../../common/config/nullLabel";
import { dataShape, gridSide } from "../../common/config/sizes";
import { loadFeatureSpace, type FeatureSpace } from "../../engine/encoders/featureSpace";
import { loadAutoencoder, type LoadedAutoencoder } from "../../engine/encoders/loadAutoencoder";
import { fromFailure, StudioError, type Failure } from "../../common/errors/studioError";
import { hasRoom } from "../../engine/kernels/deviceRoom";
import { currentStudioBackend } from "../../engine/kernels/studioBackend";
import type { TransformerShape } from "../../engine/models/transformer";
import type { MetricsLine } from "../metrics/metricsLine";
import type { DeviceReport } from "../../common/protocol/shared";
import type { RunEvent, StartRequest } from "../../common/protocol/trainer";
import { latestCheckpoint } from "../../common/storage/checkpoints";
import type { Database, ImageRange, RunRecord } from "../../common/storage/db";
import { getRun, putRun, updateRun } from "../../common/storage/runs";
import { decodeCheckpoint } from "../../engine/training/checkpoint";
import { cachedRanges, partOfData } from "../caches/cachedOnly";
import { blockCount, blockRanges } from "../caches/fillingBlocks";
import type { ImageDataset } from "../../sources/data/dataset";
import { loadDataset } from "../datasets/datasets";
import type { SessionEnvironment } from "../common/environment";
import { deviceWarnings } from "../device/deviceWarnings";
import type { EvaluationContext } from "./evaluation";
import {
  blocksInCaches,
  createImageArrivals,
  createImageParts,
  type ImageArrivals,
} from "./imageArrivals";
import { createMeasuring, type Measuring } from "./measure";
import { mixedPrecisionRefusal } from "../device/mixedPrecision";
import { createModelState, networkShapeOf, type ModelState } from "./modelState";
import type { RunControl } from "./runControl";
import type { RunJournal } from "./runJournal";
import { createStepReader, type StepReader } from "./stepReader";
import { loadTrainingData, type TrainingData } from "./trainingData";

export interface RunInputs {
  readonly environment: SessionEnvironment;
  readonly request: StartRequest;
  readonly onEvent: (event: RunEvent) => void;
  readonly control: RunControl;
  /** Absent when the metrics worker could not be reached: training goes on without figures. */
  readonly metrics: MetricsLine | undefined;
  /** Called with the requests a loaded run accepts between two steps. */
  readonly setActive: (active: ActiveRun) => void;
}

/** Requests of the page that are served between two steps. */
export interface ActiveRun {
  /**
   * Changes live settings from the next step on.
   * @returns the entry as recorded; null when the change is in force already
   * @throws StudioError OUT_OF_RANGE for a block that the model lacks, CACHE_MISSING for an encoder without features, and
   * what storing throws; the change is then not in force
   */
  readonly setControl: (change: ControlChange) => Promise<TimelineEntry | null>;
  /** The newest full state as safetensors bytes. */
  readonly checkpoint: () => Promise<ArrayBuffer>;
}

/** Of which moment the newest checkpoint is: after so many steps, with so many entries in the timeline. */
export interface StoredState {
  step: number;
  changes: number;
  /** When that was stored, by the monotonic clock, or when the run was loaded; and how long storing it took. */
  atMs: number;
  tookMs: number;
}

/** Everything a loaded run works with. */
export interface LoadedRun {
  readonly inputs: RunInputs;
  readonly db: Database;
  readonly journal: RunJournal;
  readonly experiment: Experiment;
  readonly shape: TransformerShape;
  readonly data: TrainingData;
  readonly model: ModelState;
  readonly context: EvaluationContext;
  readonly measuring: Measuring | undefined;
  readonly reader: StepReader;
  readonly timeline: TimelineEntry[];
  /** Steps that its first checkpoint has taken: 0 but for a fork. */
  readonly begunAt: number;
  /** Of a run that started early: takes in images that were encoded meanwhile. */
  readonly arrivals: ImageArrivals | undefined;
  /** Kept up to date by whoever stores a checkpoint. */
  readonly stored: StoredState;
  readonly networks: readonly (LoadedAutoencoder | FeatureSpace)[];
}

/**
 * Starts the backend and reads weights, caches and the newest checkpoint.
 * @throws StudioError OUT_OF_MEMORY where the device cannot hold the run, CACHE_MISSING, BAD_CHECKPOINT, or what the backend, the files and the database throw
 */
export async function loadRun(
  inputs: RunInputs,
  db: Database,
  journal: RunJournal,
): Promise<LoadedRun> {
  const { environment, request } = inputs;
  const device = await environment.startRuntime(request.backend, inputs.control.fail);
  journal.emit({ type: "device", device });
  const known = await getRun(db, request.runId);
  const experiment = known?.experiment ?? request.experiment;
  const timeline = [...(known?.timeline ?? request.timeline)];
  const refusal = memoryRefusal(experiment, device);
  if (refusal) throw fromFailure(refusal);
  await assertRoom(experiment);
  const warnings = [mixedPrecisionRefusal(experiment, device), guidanceWarning(experiment)];
  for (const failure of [...warnings, ...deviceWarnings(device)]) {
    if (failure) journal.emit({ type: "warning", failure });
  }
  const phase = (detail: string) =>
    journal.emit({ type: "phase", phase: "loading", step: 0, detail });
  phase("Weights");
  const [autoencoder, space] = await Promise.all([
    loadAutoencoder(experiment.autoencoder.id, dataShape(experiment.data).resolution, environment),
    loadFeatureSpace(experiment.evaluation.space, environment, gridSide(experiment)),
  ]);
  phase("Latents");
  const dataset = await loadDataset(environment, db, experiment.data);
  const named = lastImagePart(timeline);
  const repeats = known?.repeats ?? (known === undefined && named !== undefined);
  const ranges =
    known?.imageRanges ??
    (request.cachedOnly ? await cachedRanges(db, dataset, experiment, timeline) : undefined) ??
    (repeats && named ? partRanges(dataset, named) : undefined);
  if (ranges) journal.emit({ type: "warning", failure: partOfData(ranges, dataset) });
  const early = !ranges && startsEarly(experiment, timeline);
  const arrivals =
    ranges || repeats || (!named && !early)
      ? undefined
      : arrivalsOf(inputs, { db, journal, dataset, experiment, timeline });
  if (early) await arrivals?.first();
  const checked = early ? partRanges(dataset, lastImagePart(timeline)) : undefined;
  const opened = { dataset, autoencoder, ranges, ...(checked && { checked }) };
  const whole = await loadTrainingData(db, experiment, opened);
  const partAt = createImageParts(dataset, timeline, whole.source.trainImages);
  const data = { ...whole, source: { ...whole.source, partAt } };
  const facts = { experiment, timeline, device, datasetHash: dataset.hash, ranges, repeats };
  await putRun(db, recordOf(inputs, known, facts));
  for (const entry of timeline) journal.emit({ type: "control", entry });

  const shape = networkShapeOf(experiment, data.dataset.classNames.length);
  phase("Parameters");
  const begunAt = known?.parent?.step ?? 0;
  const model = await loadModel(
    db,
    journal,
    { experiment, timeline, shape, begunAt },
    request.runId,
  );
  const between = betweenPieces(inputs);
  const context: EvaluationContext = { experiment, shape, autoencoder, space, data, between };
  return {
    inputs,
    db,
    journal,
    experiment,
    shape,
    data,
    model,
    context,
    timeline,
    begunAt,
    arrivals,
    // a loaded checkpoint may lack changes that were made after it: the first pause stores it anew
    stored: { step: 0, changes: 0, atMs: environment.clockMs(), tookMs: 0 },
    networks: [autoencoder, space],
    measuring: measuringOf(inputs, journal, context),
    reader: readerOf(inputs, journal, experiment),
  };
}

/** A run stored by an earlier version may ask for guidance that its model cannot give; the form refuses it. */
const guidanceWarning = (experiment: Experiment): Failure | null =>
  experiment.sampling.guidanceScale === guidanceInForce(experiment)
    ? null
    : {
        code: "BAD_CONFIG",
        message: `Guidance of ${experiment.sampling.guidanceScale} is off: this run drops no labels, so its model has no null label.`,
        hint: "Samples are drawn without guidance. For guidance start a run with a label drop above 0.",
      };

/** @throws StudioError OUT_OF_MEMORY when the GPU does not give the memory of a large run */
async function assertRoom(experiment: Experiment): Promise<void> {
  const device = currentStudioBackend()?.device;
  const bytes = bytesToAsk(experiment);
  if (!device || bytes === null || (await hasRoom(device, bytes))) return;
  throw fromFailure(roomRefusal(experiment));
}

/** What is known of a run once its data is loaded. */
interface RunFacts {
  readonly experiment: Experiment;
  readonly timeline: readonly TimelineEntry[];
  readonly device: DeviceReport;
  readonly datasetHash: string;
  readonly ranges: readonly ImageRange[] | undefined;
  readonly repeats: boolean;
}

/** The record of a run that is starting. @param known its stored record, if there is one */
function recordOf(
  { environment, request }: RunInputs,
  known: RunRecord | undefined,
  { experiment, timeline, device, datasetHash, ranges, repeats }: RunFacts,
): RunRecord {
  return {
    id: request.runId,
    name: known?.name ?? request.name,
    experiment,
    timeline,
    createdAtMs: known?.createdAtMs ?? environment.nowMs(),
    updatedAtMs: environment.nowMs(),
    phase: "loading",
    step: known?.step ?? 0,
    device,
    datasetHash,
    codeVersion: environment.codeVersion,
    ...(ranges ? { imageRanges: ranges } : {}),
    ...(repeats ? { repeats } : {}),
  };
}

/** The images of a part, where they are not all of them. */
function partRanges(
  { size }: ImageDataset,
  part: ImagePart | undefined,
): readonly ImageRange[] | undefined {
  return part && part.blocks < blockCount(size) ? blockRanges(size, part.blocks) : undefined;
}

/** What a run that started early takes images in with. */
const arrivalsOf = (
  inputs: RunInputs,
  run: Pick<LoadedRun, "db" | "journal" | "experiment" | "timeline"> & {
    readonly dataset: ImageDataset;
  },
): ImageArrivals => {
  const { db, journal, dataset, experiment, timeline } = run;
  const { clockMs, wait } = inputs.environment;
  return createImageArrivals({
    ...{ experiment, dataset, timeline, clockMs, wait },
    blocksNow: () => blocksInCaches(db, dataset, experiment, timeline),
    storeTimeline: (next) => updateRun(db, inputs.request.runId, { timeline: next }),
    onEntry: (entry) => journal.emit({ type: "control", entry }),
    onWait: (detail) => journal.emit({ type: "activity", detail }),
    between: betweenPieces(inputs),
  });
};

/** Awaited between pieces of an evaluation. Lets messages be handled, and throws when the run is to end. */
const betweenPieces =
  ({ environment, control }: RunInputs) =>
  async () => {
    await environment.turn();
    control.assertHealthy();
    if (control.stopping()) throw stopped();
  };

const measuringOf = (
  { metrics }: RunInputs,
  journal: RunJournal,
  context: EvaluationContext,
): Measuring | undefined =>
  metrics &&
  createMeasuring({
    context,
    metrics,
    onMeasurement: (measurement) => journal.emit({ type: "measurement", measurement }),
    onProblem: (failure) => journal.emit({ type: "warning", failure }),
  });

const readerOf = (
  { environment }: RunInputs,
  journal: RunJournal,
  { optimizer }: Experiment,
): StepReader => {
  let isTold = false;
  return createStepReader(environment.clockMs, optimizer.learningRate, (point) => {
    journal.emit({ type: "steps", points: [point] });
    if (point.gradNorm !== 0 || isTold) return;
    isTold = true;
    journal.emit({ type: "warning", failure: nothingLearned(point.step) });
  });
};

/** Rounding never gives exactly 0 for all weights: a kernel wrote nothing, or nothing reaches the loss. */
const nothingLearned = (step: number): Failure => ({
  code: "OUT_OF_RANGE",
  message: `All gradients of step ${step} are exactly 0: the weights do not learn from it.`,
  hint: "If this goes on, stop the run and try ?backend=wasm in the address: a GPU driver may compute nothing.",
});

/** Ends an evaluation at once when the run is stopped. The loop then ends as after any step. */
const stopped = () => new StudioError("CANCELLED", "The run was stopped.", "Resume it to go on.");

/**
 * The model of a run: from its newest sound checkpoint, or new.
 * @throws StudioError BAD_CHECKPOINT for a fork without one: its first steps are its parent's
 */
export async function loadModel(
  db: Database,
  journal: RunJournal,
  run: Pick<LoadedRun, "experiment" | "timeline" | "shape" | "begunAt">,
  runId: string,
): Promise<ModelState> {
  const { experiment, timeline, shape, begunAt } = run;
  const found = await latestCheckpoint(db, runId);
  for (const step of found?.damagedSteps ?? []) {
    journal.emit({
      type: "warning",
      failure: {
        code: "CHECKSUM_MISMATCH",
        message: `The checkpoint of step ${step} is damaged and was passed over.`,
        hint: "The run goes on from the checkpoint before it.",
      },
    });
  }
  if (!found && begunAt > 0) {
    throw new StudioError(
      "BAD_CHECKPOINT",
      `This fork begins after step ${begunAt}, and no checkpoint of it can be read.`,
      "Fork its parent once more.",
    );
  }
  if (!found) {
    const { encoders } = alignmentAt(experiment, timeline, 1);
    return createModelState(experiment, shape, { encoders });
  }
  const { state, projectors } = decodeCheckpoint(found.record.bytes);
  return createModelState(experiment, shape, { state, projectors });
}

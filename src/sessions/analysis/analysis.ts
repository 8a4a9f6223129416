import type { Experiment } from "../../common/config/experiment";
import type { ImageDataset } from "../../sources/data/dataset";
import { StudioError, toFailure, type StudioErrorCode } from "../../common/errors/studioError";
import { currentStudioBackend } from "../../engine/kernels/studioBackend";
import type { AnalysisEvent, AnalysisRequest } from "../../common/protocol/analysis";
import type { DeviceReport } from "../../common/protocol/shared";
import { getAnalysis, putAnalysis } from "../../common/storage/analyses";
import type { Database } from "../../common/storage/db";
import { checkpointName, holding } from "../../common/storage/locks";
import {
  assertCached,
  openSubject,
  type CheckpointFile,
  type OpenSubject,
} from "./analysisSubject";
import type { Unit, UnitInputs } from "./analysisUnits";
import type { DrawnSamples } from "./drawnSamples";
import { loadDataset } from "../datasets/datasets";
import { faultBehind } from "../device/deviceRecovery";
import { deviceWarnings } from "../device/deviceWarnings";
import { encoderUnits } from "./encoderUnits";
import type { SessionEnvironment } from "../common/environment";
import { hiddenUnits } from "./hiddenUnits";
import { mapsUnits } from "./mapsUnits";
import type { AskMetrics, OnShare } from "../metrics/metricsLine";
import { probeImages, unseenClasses } from "../run/probeImages";
import type { ProbePlan } from "../run/probes";
import { createRealSide, samplesUnits, type RealSide } from "./samplesUnits";
import { createDataMemory } from "../run/trainingData";
import { withDatabase } from "../common/withDatabase";

/** Inputs of an analysis. */
export interface AnalysisInputs {
  readonly environment: SessionEnvironment;
  readonly request: AnalysisRequest;
  readonly onEvent: (event: AnalysisEvent) => void;
  readonly files: ReadonlyMap<string, CheckpointFile>;
  readonly ask: AskMetrics;
  /** Kept from one analysis to the next. */
  readonly drawn: DrawnSamples;
  /** Throws CANCELLED once the analysis is to end. */
  readonly assertWanted: () => void;
}

/** Failures of a single measurement: it is left out with a warning, and the others are made. */
const ABOUT_ONE: readonly StudioErrorCode[] = ["OUT_OF_RANGE", "SHAPE_MISMATCH"];

/**
 * Measures what the plan says, subject after subject, on a device of its own. Every result is stored before the next is
 * begun; one that is stored already is sent as it is.
 * @throws StudioError what `openSubject` throws; CACHE_MISSING before anything is computed; CANCELLED; the device's fault
 */
export async function runAnalysis(inputs: AnalysisInputs): Promise<void> {
  const { environment, request, onEvent } = inputs;
  let fault: StudioError | undefined;
  const between = async () => {
    await environment.turn();
    if (fault) throw fault;
    inputs.assertWanted();
  };
  try {
    const measure = async (db: Database) => {
      const device = await environment.startRuntime(request.backend, (lost) => (fault ??= lost));
      onEvent({ type: "device", device });
      for (const failure of deviceWarnings(device)) onEvent({ type: "warning", failure });
      await measureAll({ ...inputs, db, device, between });
    };
    // a run that trains beside the analysis must not delete what is read
    const read = (db: Database) =>
      request.subjects.flatMap((subject) =>
        subject.kind === "run" ? checkpointName(db, subject.runId, subject.step) : [],
      );
    await withDatabase(environment, (db) => holding(read(db), () => measure(db)));
  } catch (thrown) {
    throw (await faultBehind(thrown, () => fault, environment)) ?? thrown;
  }
}

/** Opens every subject before the first is measured, so that missing data is reported at once. */
async function openSubjects(inputs: AnalysisInputs, db: Database): Promise<OpenSubject[]> {
  const { environment, request, files } = inputs;
  const datasets = new Map<string, Promise<ImageDataset>>();
  const dataset = (data: Experiment["data"]) => {
    const key = JSON.stringify(data);
    const known = datasets.get(key) ?? loadDataset(environment, db, data);
    datasets.set(key, known);
    return known;
  };
  const memory = createDataMemory();
  const opened: OpenSubject[] = [];
  for (const subject of request.subjects) {
    const open = await openSubject({ environment, db, files, dataset, memory }, subject);
    await assertCached(open, request.plan);
    opened.push(open);
  }
  return opened;
}

/** The probe of a plan on a subject's data; undefined where none is wanted or none can be. */
function planProbe(
  { data }: OpenSubject,
  { plan: { probe, seed } }: AnalysisRequest,
  onEvent: AnalysisInputs["onEvent"],
): ProbePlan | undefined {
  if (!probe) return undefined;
  return unlessAboutOne(() => {
    const images = probeImages(data, { trainCount: probe.trainCount, seed });
    const unseen = unseenClasses(images);
    if (unseen) onEvent({ type: "warning", failure: unseen });
    return { images, ...probe, seed };
  }, onEvent);
}

/** The result of `make`; undefined, with a warning, when it fails for a reason of its own. */
function unlessAboutOne<T>(make: () => T, onEvent: AnalysisInputs["onEvent"]): T | undefined {
  try {
    return make();
  } catch (thrown) {
    onEvent({ type: "warning", failure: aboutOne(thrown) });
    return undefined;
  }
}

/** The failure of a measurement that may be left out. @throws every other */
function aboutOne(thrown: unknown) {
  if (thrown instanceof StudioError && ABOUT_ONE.includes(thrown.code)) return toFailure(thrown);
  throw thrown;
}

/** Everything the plan says of one subject. */
function unitsOf(
  { environment, request, onEvent, drawn }: AnalysisInputs,
  inputs: UnitInputs,
  realSide: RealSide,
): Unit[] {
  const probe = planProbe(inputs.open, request, onEvent);
  const samples = () => samplesUnits(inputs, environment, realSide, drawn);
  return [
    ...hiddenUnits(inputs, probe),
    ...encoderUnits(inputs, probe),
    ...mapsUnits(inputs),
    ...(unlessAboutOne(samples, onEvent) ?? []),
  ];
}

/** An analysis under way. */
interface UnderWay extends AnalysisInputs {
  readonly db: Database;
  readonly device: DeviceReport;
  readonly between: () => Promise<void>;
}

async function measureAll(work: UnderWay): Promise<void> {
  const { db, device, between, request, onEvent, ask } = work;
  const { plan } = request;
  const realSide = createRealSide(ask);
  const planned = (await openSubjects(work, db)).map((open) => {
    const inputs: UnitInputs = { open, plan, ask, backend: device.backend, between };
    return { open, units: unitsOf(work, inputs, realSide) };
  });
  const all = planned.reduce((sum, { units }) => sum + units.length, 0);
  let done = 0;
  for (const { open, units } of planned) {
    try {
      for (const unit of units) {
        await between();
        const at = done++;
        const report = (share: number) =>
          onEvent({ type: "progress", detail: unit.detail, done: at + share, all });
        report(0);
        await measure(work, open, unit, report);
        report(1);
      }
    } finally {
      await open.dispose();
      currentStudioBackend()?.trim();
    }
  }
}

/** One result: looked up, or computed and stored; then sent. */
async function measure(
  { environment, request, onEvent, db, device, between }: UnderWay,
  { data }: OpenSubject,
  { key, compute }: Unit,
  report: OnShare,
): Promise<void> {
  const known = await getAnalysis(db, key);
  if (known) {
    onEvent({ type: "result", stored: known });
    return;
  }
  try {
    const found = await compute(report);
    await between(); // numbers read from a faulty device are not stored
    const createdAtMs = environment.nowMs();
    const { seed } = request.plan;
    const stored = { key, found, createdAtMs, datasetHash: data.dataset.hash, seed, device };
    await putAnalysis(db, stored);
    onEvent({ type: "result", stored });
  } catch (thrown) {
    const failure = aboutOne(thrown);
    await between();
    onEvent({ type: "warning", failure });
  }
}

import * as tf from "@tensorflow/tfjs-core";
import { alignmentAt } from "../../common/config/experiment";
import { StudioError, toFailure } from "../../common/errors/studioError";
import { bytesTaken } from "../../engine/kernels/bytesTaken";
import { currentStudioBackend } from "../../engine/kernels/studioBackend";
import type { RunPhase } from "../../common/protocol/trainer";
import { hasRoomForForkPoint, keepWithinBudget } from "../../common/storage/checkpointBudget";
import {
  checkpointRefusal,
  markCheckpoint,
  newestCheckpointStep,
  putCheckpoint,
} from "../../common/storage/checkpoints";
import type { Database } from "../../common/storage/db";
import { readMeasurements, storedSteps, updateRun } from "../../common/storage/runs";
import { encodeCheckpoint, stateBytes } from "../../engine/training/checkpoint";
import type { StepOptions, TrainBatch } from "../../engine/training/trainStep";
import { retryOnDeviceLoss } from "../device/deviceRecovery";
import { createActiveRun } from "./activeRun";
import { dueAfter, hasFigures, isLateCheckpoint, type Due } from "./due";
import { drawGrid } from "./evaluation";
import { explainOverflow } from "./explainOverflow";
import { hasAllImages } from "./imageArrivals";
import { gradientConflictAt } from "./gradientConflict";
import { loadRun, type LoadedRun, type RunInputs, type StoredState } from "./loadRun";
import { openStep } from "./openStep";
import { createStepReporter } from "./stepProgress";
import { createRunJournal, type RunJournal } from "./runJournal";

/** The first step says how far it is while it computes, and so does each after one that took longer than this. */
const FOLLOWED_MS = 2000;
/** Steps between two reports of the worker's memory. */
const MEMORY_EVERY = 10;
/** And after each of the first steps: on WebGPU the second is recorded and keeps its buffers. */
const MEMORY_FIRST = 3;

/**
 * One run from its first event to its last: loads it, trains until it is finished or stopped, and stores its
 * log. A lost device is replaced, and the run goes on from its newest checkpoint. Any other fault is emitted
 * as `failed` and thrown; everything logged before it is stored.
 */
export async function runTraining(inputs: RunInputs): Promise<void> {
  const { environment, request, onEvent, control } = inputs;
  const db = await environment.openDatabase();
  const journal = createRunJournal(db, request.runId, onEvent, environment.nowMs);
  try {
    await retryOnDeviceLoss(environment, {
      attempt: (fail) => attempt({ ...inputs, control: { ...control, fail } }, db, journal),
      setFault: (fault) => (fault ? control.fail(fault) : control.recover()),
      stored: async () => (await newestCheckpointStep(db, request.runId)) ?? 0,
      onRestart: ({ code, message }, from) => {
        const start = from === 0 ? "its start: there was no checkpoint yet" : `step ${from}`;
        const hint = `The run goes on by itself, on a new device, from ${start}.`;
        journal.emit({ type: "warning", failure: { code, message, hint } });
      },
    });
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code === "CANCELLED" && control.stopping()) {
      journal.emit({ type: "phase", phase: "stopped", step: 0 }); // while it waited for its first images
      return;
    }
    journal.emit({ type: "failed", failure });
    throw thrown;
  } finally {
    await journal.flush().catch((thrown: unknown) => {
      onEvent({ type: "warning", failure: toFailure(thrown) });
    });
    db.close();
  }
}

/** Trains from the newest checkpoint on, on a new device. */
async function attempt(inputs: RunInputs, db: Database, journal: RunJournal): Promise<void> {
  const run = await loadRun(inputs, db, journal);
  try {
    inputs.setActive(
      createActiveRun(run, {
        keepForkPoint: () => keepForkPoint(run),
        storeTimeline: (timeline) => updateRun(run.db, inputs.request.runId, { timeline }),
        encode: () => encode(run),
      }),
    );
    await train(run).finally(run.model.dispose);
  } catch (thrown) {
    throw await explainOverflow(run, thrown);
  } finally {
    for (const network of run.networks) network.dispose();
    freeUnused();
  }
}

/** Frees pooled buffers. Training and evaluation use buffers of different sizes and cannot share them. */
const freeUnused = () => currentStudioBackend()?.trim();

/**
 * One update. The step reader reports its numbers.
 * @param follows whether it is told, while it computes, how far it is
 */
async function takeStep(run: LoadedRun, follows: boolean): Promise<void> {
  const { model } = run;
  const step = model.step() + 1;
  const opened = await openStep(run);
  const { batch } = opened;
  const { clockMs } = run.inputs.environment;
  const reporter = createStepReporter(step, clockMs, (detail) =>
    run.journal.emit({ type: "activity", detail }),
  );
  try {
    const onProgress = follows ? reporter.onProgress : undefined;
    const options = { ...opened.options, onProgress };
    await prepare(run, batch, options);
    await measureConflict(run, batch, options);
    const pushed = run.reader.push(step, model.update(batch, options));
    await opened.prefetch(); // while the device is busy
    await pushed;
  } finally {
    reporter.end();
    opened.dispose();
  }
}

/** The gradient conflict before the next update, when it is due. */
async function measureConflict(
  { experiment, model, reader, journal, timeline }: LoadedRun,
  batch: TrainBatch,
  options: StepOptions,
): Promise<void> {
  const step = model.step() + 1;
  const every = experiment.evaluation.conflictEvery;
  if (every === 0 || step % every !== 0) return;
  await reader.drain();
  const alignment = alignmentAt(experiment, timeline, step);
  const conflict = await gradientConflictAt(model.whole().params, batch, options);
  const { encoders, encoderDepth, projCoeff, objective } = alignment;
  journal.emit({
    type: "measurement",
    measurement: {
      kind: "gradientConflict",
      step,
      encoders,
      encoderDepth,
      projCoeff,
      objective,
      ...conflict,
    },
  });
  freeUnused();
  reader.restartClock(); // the measurement belongs to no step
}

/** Compiles what a step of new shapes needs, and reports its progress. */
async function prepare(run: LoadedRun, batch: TrainBatch, options: StepOptions): Promise<void> {
  const { journal, model, reader } = run;
  const before = model.step();
  let programs = 0;
  await model.prepare(batch, options, (done, all) => {
    programs = all;
    if (all === 0) return;
    const detail = `GPU programs: ${done} of ${all} compiled`;
    journal.emit({ type: "phase", phase: "compiling", step: before, detail });
  });
  if (programs === 0) return;
  reader.restartClock(); // compiling belongs to no step
  if (before > 0) journal.emit({ type: "phase", phase: "training", step: before });
}

const encode = (run: LoadedRun): Promise<ArrayBuffer> =>
  encodeCheckpoint(run.model.whole(), {
    experiment: run.experiment,
    timeline: run.timeline,
    projectors: run.model.projectors(),
  });

const isSame = (a: StoredState, b: Pick<StoredState, "step" | "changes">) =>
  a.step === b.step && a.changes === b.changes;

/** How a checkpoint is kept, beside those by steps. */
type Kept = "bySteps" | "interim" | "forkPoint";

/** Stores the state, unless it is stored, or larger than what can be: the run said so at its start. */
async function saveCheckpoint(run: LoadedRun, kept: Kept = "bySteps"): Promise<void> {
  const { db, journal, inputs, model } = run;
  await run.reader.drain(); // a loss that is not a number must not reach a checkpoint
  if (checkpointRefusal(stateBytes(model.whole()))) return;
  const now = { step: model.step(), changes: run.timeline.length };
  if (isSame(run.stored, now)) return; // pause then stop, or the last step, whose own it is
  // a resumed run starts at this checkpoint: what was logged and measured before it must be stored
  await run.measuring?.settle();
  await journal.flush();
  const { clockMs, nowMs } = inputs.environment;
  const startMs = clockMs();
  const bytes = await encode(run);
  const size = bytes.byteLength;
  await putCheckpoint(db, inputs.request.runId, now.step, bytes, {
    nowMs: nowMs(),
    interim: kept !== "bySteps",
    forkPoint: kept === "forkPoint",
  });
  const atMs = clockMs();
  Object.assign(run.stored, now, { atMs, tookMs: atMs - startMs });
  journal.emit({ type: "checkpoint", step: now.step, bytes: size });
}

/**
 * Keeps the state that a live change is made at, where the budget has room for it. Before the first step there is none: a
 * fork from there is a new start. What goes wrong in storing is a warning: the change is made all the same.
 */
async function keepForkPoint(run: LoadedRun): Promise<void> {
  const { db, model, stored, inputs, journal, reader } = run;
  const step = model.step();
  const { runId } = inputs.request;
  if (step === 0) return;
  try {
    if (stored.step === step) await markCheckpoint(db, { runId, step }, { forkPoint: true });
    else if (await hasRoomForForkPoint(db, stateBytes(model.whole()))) {
      await saveCheckpoint(run, "forkPoint");
    }
    await keepWithinBudget(db);
  } catch (thrown) {
    // the reader says this once: it must end the run, and not the change alone
    const diverged = thrown instanceof StudioError && thrown.code === "NONFINITE_LOSS";
    if (diverged) inputs.control.fail(thrown);
    else journal.emit({ type: "warning", failure: toFailure(thrown) });
  }
  reader.restartClock(); // storing belongs to no step
}

/** What is due after the step that was taken. */
async function evaluate(run: LoadedRun): Promise<void> {
  const { model, experiment, stored, inputs, reader } = run;
  const due = dueAfter(model.step(), experiment);
  const sinceMs = inputs.environment.clockMs() - stored.atMs;
  const checkpoint = due.checkpoint || isLateCheckpoint(sinceMs, stored.tookMs);
  if (!due.grid && !due.figures && !checkpoint) return;
  await reader.drain();
  if (checkpoint) await saveCheckpoint(run, due.checkpoint ? "bySteps" : "interim");
  if (due.grid || due.figures) await measure(run, due);
  else reader.restartClock(); // storing belongs to no step
}

/** Samples and figures of the model as it is. */
async function measure(run: LoadedRun, due: Pick<Due, "grid" | "figures">): Promise<void> {
  const { model, journal, context, measuring } = run;
  const step = model.step();
  const phase = (name: RunPhase, detail: string) =>
    journal.emit({ type: "phase", phase: name, step, detail });
  freeUnused();
  if (due.grid) {
    phase("evaluating", "Samples");
    const isWhole = hasAllImages(run.timeline, step, context.data.dataset.size);
    journal.emit({ type: "grid", grid: await drawGrid(context, model.ema(), step, isWhole) });
  }
  if (measuring && due.figures) {
    // figures are of all held-out and training images, so that those of all steps compare
    await run.arrivals?.all(step + 1);
    phase("evaluating", "Metrics");
    await measuring.measure(model.ema(), step, run.timeline);
  }
  freeUnused();
  phase("training", "");
  run.reader.restartClock();
}

/**
 * What was due at the checkpoint's step and is not stored, because the run was cut after it stored the checkpoint. The
 * same weights and the same noise give what was lost, bit for bit.
 */
async function makeUp(run: LoadedRun): Promise<void> {
  const { db, experiment, model, timeline, inputs } = run;
  const step = model.step();
  if (step === run.begunAt) return; // what was due there is its parent's, of a fork
  const due = dueAfter(step, experiment);
  const { runId } = inputs.request;
  const { encoders } = alignmentAt(experiment, timeline, step);
  const lacking = {
    grid: due.grid && !(await storedSteps(db, "grids", runId)).includes(step),
    figures: due.figures && !hasFigures(await readMeasurements(db, runId), step, encoders),
  };
  if (lacking.grid || lacking.figures) await measure(run, lacking);
}

/** A run that is stopped ends its evaluation at once; what was lost of it is made up when it goes on. */
async function unlessStopped({ inputs }: LoadedRun, work: Promise<void>): Promise<void> {
  const { control } = inputs;
  try {
    await work;
  } catch (thrown) {
    if (!control.stopping() || control.fault()) throw thrown;
  }
}

async function train(run: LoadedRun): Promise<void> {
  const { experiment, model, journal, inputs, reader } = run;
  const { control, environment } = inputs;
  const phase = (name: RunPhase) =>
    journal.emit({ type: "phase", phase: name, step: model.step() });
  const memory = () => {
    const { numTensors, numBytes } = tf.memory();
    const takenBytes = bytesTaken();
    journal.emit({
      type: "memory",
      memory: {
        step: model.step(),
        tensors: numTensors,
        bytes: numBytes,
        ...(takenBytes !== undefined && { takenBytes }),
      },
    });
  };
  const hooks = {
    onPaused: async () => {
      await reader.drain();
      await saveCheckpoint(run);
      phase("paused");
    },
    onResumed: () => {
      reader.restartClock();
      phase("training");
    },
  };
  phase("compiling");
  const notKept = checkpointRefusal(stateBytes(model.whole()));
  if (notKept) journal.emit({ type: "warning", failure: notKept });
  await unlessStopped(run, makeUp(run));
  let first = true;
  let tookMs = Infinity;
  while (model.step() < experiment.optimizer.steps && (await control.boundary(hooks)) === "step") {
    await run.arrivals?.look(model.step() + 1);
    const startMs = environment.clockMs();
    await takeStep(run, tookMs > FOLLOWED_MS);
    tookMs = environment.clockMs() - startMs;
    if (first) {
      await reader.drain();
      phase("training");
    }
    first = false;
    if (model.step() <= MEMORY_FIRST || model.step() % MEMORY_EVERY === 0) memory();
    await unlessStopped(run, evaluate(run));
    await environment.turn();
  }
  await reader.drain();
  await saveCheckpoint(run);
  await run.measuring?.settle();
  memory();
  phase(model.step() >= experiment.optimizer.steps ? "finished" : "stopped");
}

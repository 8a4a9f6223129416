import { proxy } from "comlink";
import type { ControlChange } from "../../../common/config/experiment";
import { lastImagePart } from "../../../common/config/imageEntries";
import { neededFeatures } from "../../../common/config/neededFeatures";
import { toFailure, type Failure } from "../../../common/errors/studioError";
import type { Outcome } from "../../../common/protocol/shared";
import type { RunEvent } from "../../../common/protocol/trainer";
import type { RunRecord } from "../../../common/storage/db";
import { getRun, putRun, updateRun } from "../../../common/storage/runs";
import { freeColor } from "../../store/runColors";
import { isActive } from "../../store/runPhase";
import { phaseAtRest, type RunStart } from "../../store/runSlice";
import { heard } from "../workers/heard";
import { createLiveControl } from "./liveControl";
import {
  initialLife,
  isHeard,
  isUnderWay,
  nextLife,
  startOf,
  type Attempt,
  type Effect,
  type Intent,
  type Life,
  type LifeEvent,
  type Press,
} from "./machine";
import type { RunPlaces } from "./places";

/** The one run of the page: presses go in, what happens is seen in the store. */
export interface RunController {
  readonly press: (press: Exclude<Press, { type: "train" | "change" }>) => void;
  /** Runs this as a new run, or goes on with a stored one; nothing while a run is under way. */
  readonly train: (attempt: Attempt) => void;
  readonly isUnderWay: () => boolean;
  /** A live setting was moved in the form, which shows it already; the run gets it when the gesture is over. */
  readonly setControl: (change: ControlChange) => void;
  /** The newest full state of the run that trains; undefined when none does. */
  readonly checkpoint: () => Promise<Outcome<ArrayBuffer> | undefined>;
}

export function createRunController(places: RunPlaces): RunController {
  const { store, trainers } = places;
  let life: Life = initialLife;
  let giveBack: (() => void) | undefined;

  const isCurrent = (intent: Intent) => life.at !== "rest" && life.intent === intent;
  const hears = (intent: Intent, event: RunEvent) =>
    isHeard(life, intent, event.type === "phase" && isActive(event.phase));
  const dispatch = (event: LifeEvent): void => {
    const step = nextLife(life, event);
    life = step.life;
    for (const effect of step.effects) {
      if (effect.type === "claim") void claim(effect);
      else carryOut(places, effect, dispatch, hears);
    }
    if (life.at !== "rest") return;
    giveBack?.();
    giveBack = undefined;
  };
  const claim = async ({ intent, run }: Extract<Effect, { type: "claim" }>): Promise<void> => {
    const release = await places.locks.take(run.runId);
    if (isCurrent(intent)) giveBack = release;
    else release?.(); // given up meanwhile
    dispatch({ type: "claimed", intent, held: release !== undefined });
  };

  const live = createLiveControl(places, { life: () => life, dispatch, isCurrent });

  return {
    press: (press) => {
      live.flush();
      dispatch(press);
    },
    train: (attempt) => {
      const { phase, detail } = store.getState().run;
      // where the machine rests the last run is over, also while its last word is still on its way
      const before = isActive(phase)
        ? { phase: phaseAtRest(phase), detail: "" }
        : { phase, detail };
      dispatch({ type: "train", attempt, before });
    },
    isUnderWay: () => isUnderWay(life),
    setControl: live.want,
    checkpoint: async () =>
      life.at === "training" || life.at === "stopping"
        ? trainers.running().trainer.call((api) => api.checkpoint())
        : undefined,
  };
}

/** Does what the machine wants; answers come by `dispatch`. What a worker says is shown where `hears` says so. */
function carryOut(
  places: RunPlaces,
  effect: Exclude<Effect, { type: "claim" }>,
  dispatch: (event: LifeEvent) => void,
  hears: (intent: Intent, event: RunEvent) => boolean,
): void {
  const { store, trainers, features, weights, queue } = places;
  const { setPhase, setTimeline } = store.getState();
  switch (effect.type) {
    case "keepTimeline":
      if (store.getState().run.runId === effect.run.runId) setTimeline(effect.run.timeline);
      return void keepTimeline(places, effect.run).catch((thrown: unknown) =>
        queue.push({ type: "warning", failure: toFailure(thrown) }),
      );
    case "warn":
      return queue.push({ type: "warning", failure: effect.failure });
    case "show":
      return setPhase(effect.phase, effect.detail);
    case "lookUp":
      return void lookUp(places, effect.run).then((found) =>
        dispatch({ type: "lookedUp", intent: effect.intent, ...found }),
      );
    case "ask":
      return void weights
        .ensureWeights(effect.weights, "train")
        .then((decision) => dispatch({ type: "decided", intent: effect.intent, decision }));
    case "closeAsk":
      return weights.decline();
    case "fill":
      return void fill(places, effect.run, () =>
        dispatch({ type: "recorded", intent: effect.intent }),
      ).then((failure) => dispatch({ type: "filled", intent: effect.intent, failure }));
    case "train":
      return void train(places, effect, (event) => hears(effect.intent, event)).then((failure) =>
        dispatch({ type: "ended", intent: effect.intent, failure }),
      );
    case "tell":
      return void trainers.current()?.trainer.tell((api) => api[effect.message]());
    case "end":
      return void heard(tellEnd(places, effect.worker), places.heardMs).then((answered) => {
        if (!answered) dispatch({ type: "late", intent: effect.intent });
      });
    case "endWorker":
      return effect.worker === "trainer" ? trainers.end() : features.end();
    case "stopped":
      setPhase("stopped", effect.detail);
      return keepPhase(places, effect.run, "stopped");
    case "failed":
      queue.push({ type: "failed", failure: effect.failure });
      return keepPhase(places, effect.run, "failed");
    case "refused":
      if (store.getState().run.runId !== effect.run.runId) store.getState().beginRun(effect.run);
      queue.push({ type: "failed", failure: effect.failure });
      return queue.flush();
    case "elsewhere":
      return places.onElsewhere(effect.run);
    case "over":
      queue.flush();
      return places.onOver();
  }
}

/** Why a run cannot run here, or the weights it lacks; none where they cannot be found out: filling says why. */
async function lookUp({ caching, pausePrefill, refusal }: RunPlaces, run: RunStart) {
  const refused = refusal(run.experiment);
  if (refused) return { weights: [], refusal: refused };
  await pausePrefill();
  const estimate = await caching.costEstimate(run.experiment, run.timeline);
  return { weights: estimate.ok ? estimate.value.weights : [] };
}

/**
 * Stores the run's record before the first byte is cached for it, and fills the caches it reads. A run that was started on
 * a part of its data goes on with that part.
 */
async function fill(
  places: RunPlaces,
  run: RunStart,
  onRecorded: () => void,
): Promise<Failure | undefined> {
  const { store, caching, queue } = places;
  queue.drop(); // pictures and figures of the run before
  const { beginRun, setPhase, setTimeline } = store.getState();
  if (store.getState().run.runId === run.runId) {
    setPhase("caching");
    setTimeline(run.timeline);
  } else beginRun(run);
  let ranges: RunRecord["imageRanges"];
  try {
    ranges = (await storeRecord(places, run))?.imageRanges;
  } catch (thrown) {
    return toFailure(thrown);
  }
  onRecorded();
  return caching.fill(run.experiment, neededFeatures(run.experiment, run.timeline), ranges);
}

/** @returns the record as it was, of a run that goes on */
function storeRecord(places: RunPlaces, run: RunStart): Promise<RunRecord | undefined> {
  const { store, withDatabase, codeVersion, nowMs } = places;
  const now = nowMs();
  const { runId: id, name, experiment, timeline } = run;
  return withDatabase(async (db) => {
    const known = await getRun(db, id);
    if (known) await updateRun(db, id, { phase: "caching", timeline, updatedAtMs: now });
    else {
      const whole = { id, name, experiment, timeline, createdAtMs: now, updatedAtMs: now };
      await putRun(db, {
        ...whole,
        ...{ phase: "caching", step: 0, device: null, datasetHash: "", codeVersion },
        look: { color: freeColor(store.getState().data.runs), shown: true },
        ...(lastImagePart(timeline) ? { repeats: true } : {}),
      });
    }
    return known;
  });
}

const keepTimeline = ({ withDatabase }: RunPlaces, { runId, timeline }: RunStart): Promise<void> =>
  withDatabase((db) => updateRun(db, runId, { timeline }));

async function train(
  places: RunPlaces,
  { attempt, cachedOnly }: Extract<Effect, { type: "train" }>,
  hears: (event: RunEvent) => boolean,
): Promise<Failure | undefined> {
  const { store, trainers, queue, backend } = places;
  const run = startOf(attempt);
  const { runId, name, experiment, timeline } = run;
  const { pauseAfter } = attempt;
  try {
    // the trainer goes by the record: what was changed while the record was being written must be in it
    if (run !== attempt.run) await keepTimeline(places, run);
  } catch (thrown) {
    return toFailure(thrown);
  }
  const request = { runId, name, experiment, timeline, backend, pauseAfter, cachedOnly };
  const onEvent = (event: RunEvent) => {
    if (hears(event) && store.getState().run.runId === runId) queue.push(event);
  };
  const outcome = await trainers
    .running()
    .trainer.call((api) => api.start(request, proxy(onEvent)));
  return outcome.ok ? undefined : outcome.failure;
}

/** Tells a worker to end what it does for the run. */
const tellEnd = ({ caching, trainers }: RunPlaces, worker: "features" | "trainer") =>
  worker === "features"
    ? caching.cancelCaching()
    : trainers.current()?.trainer.tell((api) => api.stop());

/** The record says how a run ended that the trainer does not hold; a run that was deleted meanwhile stays so. */
function keepPhase(places: RunPlaces, run: RunStart, phase: "stopped" | "failed"): void {
  const { withDatabase, queue, nowMs } = places;
  withDatabase((db) => updateRun(db, run.runId, { phase, updatedAtMs: nowMs() })).catch(
    (thrown: unknown) => queue.push({ type: "warning", failure: toFailure(thrown) }),
  );
}

import { proxy } from "comlink";
import {
  alignmentAt,
  type ControlChange,
  type Experiment,
} from "../../../common/config/experiment";
import { neededFeatures } from "../../../common/config/neededFeatures";
import { toFailure, type Failure } from "../../../common/errors/studioError";
import type { BackendChoice, Outcome } from "../../../common/protocol/shared";
import type { RunEvent } from "../../../common/protocol/trainer";
import type { Database } from "../../../common/storage/db";
import { getRun, putRun, updateRun } from "../../../common/storage/runs";
import { phaseAtRest, type RunStart } from "../../store/runSlice";
import { isActive } from "../../store/selectors";
import type { StudioStore } from "../../store/studioStore";
import type { WeightsFlow } from "../flows/weightsFlow";
import type { FeaturesWorkers, TrainerWorkers, WorkerPool } from "../workers/workers";
import type { Caching } from "./caching";
import type { EventQueue } from "./eventQueue";
import type { RunLocks } from "./runLocks";
import {
  initialLife,
  isHeard,
  isUnderWay,
  nextLife,
  type Attempt,
  type Effect,
  type Intent,
  type Life,
  type LifeEvent,
  type Press,
} from "./machine";

/** How long a worker may take to hear that it is to end. A step of a large model on the CPU keeps it busy meanwhile. */
const HEARD_MS = 30_000;

/** What carries out the machine's effects. */
export interface RunPlaces {
  readonly store: StudioStore;
  readonly locks: Pick<RunLocks, "take">;
  readonly features: WorkerPool<FeaturesWorkers>;
  readonly trainers: WorkerPool<TrainerWorkers>;
  readonly weights: Pick<WeightsFlow, "ensureWeights" | "decline">;
  readonly caching: Pick<Caching, "costEstimate" | "fill" | "cache" | "cancelCaching">;
  readonly queue: EventQueue;
  readonly withDatabase: <T>(work: (db: Database) => Promise<T>) => Promise<T>;
  readonly backend: BackendChoice;
  readonly codeVersion: string;
  readonly nowMs: () => number;
  /** Why a run cannot start here, as far as it is known before workers are asked for anything. */
  readonly refusal: (experiment: Experiment) => Failure | null;
  /** Ends what fills caches without a run, and waits for it. */
  readonly pausePrefill: () => Promise<void>;
  /** Another tab has the run. */
  readonly onElsewhere: (run: RunStart) => void;
  /** A run is over: what is stored has changed. */
  readonly onOver: () => void;
  readonly heardMs?: number;
}

/** The one run of the page: presses go in, what happens is seen in the store. */
export interface RunController {
  readonly press: (press: Exclude<Press, { type: "train" }>) => void;
  /** Runs this as a new run, or goes on with a stored one; nothing while a run is under way. */
  readonly train: (attempt: Attempt) => void;
  readonly isUnderWay: () => boolean;
  readonly setControl: (change: ControlChange) => Promise<void>;
  /** The newest full state of the run that trains; undefined when none does. */
  readonly checkpoint: () => Promise<Outcome<ArrayBuffer> | undefined>;
}

export function createRunController(places: RunPlaces): RunController {
  const { store, trainers, queue } = places;
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

  return {
    press: dispatch,
    train: (attempt) => {
      const { phase, detail } = store.getState().run;
      // where the machine rests the last run is over, also while its last word is still on its way
      const before = isActive(phase)
        ? { phase: phaseAtRest(phase), detail: "" }
        : { phase, detail };
      dispatch({ type: "train", attempt, before });
    },
    isUnderWay: () => isUnderWay(life),
    setControl: async (change) => {
      if (life.at !== "training") return;
      const { intent } = life;
      const failure = await setControl(places, life.attempt.run.experiment, change);
      if (failure && isCurrent(intent)) queue.push({ type: "warning", failure });
    },
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
  const { setPhase } = store.getState();
  switch (effect.type) {
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
      return void fill(places, effect.run).then((failure) =>
        dispatch({ type: "filled", intent: effect.intent, failure }),
      );
    case "train":
      return void train(places, effect, (event) => hears(effect.intent, event)).then((failure) =>
        dispatch({ type: "ended", intent: effect.intent, failure }),
      );
    case "tell":
      return void trainers.current()?.trainer.tell((api) => api[effect.message]());
    case "end":
      return void heard(places, effect.worker).then((answered) => {
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

/** Stores the run's record before the first byte is cached for it, and fills the caches it reads. */
async function fill(places: RunPlaces, run: RunStart): Promise<Failure | undefined> {
  const { store, caching, queue } = places;
  queue.drop(); // pictures and figures of the run before
  if (store.getState().run.runId === run.runId) store.getState().setPhase("caching");
  else store.getState().beginRun(run);
  try {
    await storeRecord(places, run);
  } catch (thrown) {
    return toFailure(thrown);
  }
  return caching.fill(run.experiment, neededFeatures(run.experiment, run.timeline));
}

async function storeRecord(places: RunPlaces, run: RunStart): Promise<void> {
  const { withDatabase, codeVersion, nowMs } = places;
  const now = nowMs();
  await withDatabase(async (db) => {
    if (await getRun(db, run.runId)) {
      return updateRun(db, run.runId, { phase: "caching", updatedAtMs: now });
    }
    const { runId: id, name, experiment, timeline } = run;
    const whole = { id, name, experiment, timeline, createdAtMs: now, updatedAtMs: now };
    return putRun(db, {
      ...whole,
      ...{ phase: "caching", step: 0, device: null, datasetHash: "", codeVersion },
    });
  });
}

async function train(
  { store, trainers, queue, backend }: RunPlaces,
  { attempt, cachedOnly }: Extract<Effect, { type: "train" }>,
  hears: (event: RunEvent) => boolean,
): Promise<Failure | undefined> {
  const { runId, name, experiment, timeline } = attempt.run;
  const { pauseAfter } = attempt;
  const request = { runId, name, experiment, timeline, backend, pauseAfter, cachedOnly };
  const onEvent = (event: RunEvent) => {
    if (hears(event) && store.getState().run.runId === runId) queue.push(event);
  };
  const outcome = await trainers
    .running()
    .trainer.call((api) => api.start(request, proxy(onEvent)));
  return outcome.ok ? undefined : outcome.failure;
}

/** Tells a worker to end. @returns whether it heard that in time; what it then does takes as long as it takes */
async function heard(
  { caching, trainers, heardMs = HEARD_MS }: RunPlaces,
  worker: "features" | "trainer",
): Promise<boolean> {
  const told =
    worker === "features"
      ? caching.cancelCaching()
      : trainers.current()?.trainer.tell((api) => api.stop());
  return Promise.race([Promise.resolve(told).then(() => true), later(heardMs).then(() => false)]);
}

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The record says how a run ended that the trainer does not hold; a run that was deleted meanwhile stays so. */
function keepPhase(places: RunPlaces, run: RunStart, phase: "stopped" | "failed"): void {
  const { withDatabase, queue, nowMs } = places;
  withDatabase((db) => updateRun(db, run.runId, { phase, updatedAtMs: nowMs() })).catch(
    (thrown: unknown) => queue.push({ type: "warning", failure: toFailure(thrown) }),
  );
}

/** Sends a live change to the trainer; training goes on while a new encoder's features are computed. */
async function setControl(
  { store, trainers, caching }: RunPlaces,
  experiment: Experiment,
  change: ControlChange,
): Promise<Failure | undefined> {
  if (change.encoders) {
    const features = { encoders: change.encoders, space: experiment.evaluation.space };
    const failure = await caching.cache(experiment, features, "switch the encoder");
    if (failure) {
      showInForce(store, change);
      return failure.code === "CANCELLED" ? undefined : failure;
    }
  }
  const outcome = await trainers.running().trainer.call((api) => api.setControl(change));
  if (outcome.ok) return undefined;
  showInForce(store, change);
  return outcome.failure;
}

/** The form shows again what the run trains with, where a change was not taken. */
function showInForce(store: StudioStore, change: ControlChange): void {
  const { run, setField } = store.getState();
  if (!run.experiment) return;
  const inForce = alignmentAt(run.experiment, run.timeline, Infinity);
  for (const key of Object.keys(change) as (keyof ControlChange)[]) {
    setField("alignment", key, inForce[key]);
  }
}

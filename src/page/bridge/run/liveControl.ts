import {
  alignmentAt,
  type ControlChange,
  type EncoderId,
  type Experiment,
} from "../../../common/config/experiment";
import type { LiveKey } from "../../../common/config/liveChange";
import { toFailure, type Failure } from "../../../common/errors/studioError";
import { getRun } from "../../../common/storage/runs";
import type { RunStart } from "../../store/runSlice";
import type { StudioStore } from "../../store/studioStore";
import { createLiveChanges, type LiveChanges } from "./liveChanges";
import { startOf, type Intent, type Life, type LifeEvent } from "./machine";
import type { RunPlaces } from "./places";

type LivePlaces = Pick<
  RunPlaces,
  "store" | "trainers" | "caching" | "queue" | "withDatabase" | "isKeyHeld" | "after"
>;

interface LiveRun {
  readonly life: () => Life;
  readonly dispatch: (event: LifeEvent) => void;
  readonly isCurrent: (intent: Intent) => boolean;
}

/** Brings what is moved in the form to the run: to the trainer, or before it has the run into its timeline. */
export function createLiveControl(
  places: LivePlaces,
  { life, dispatch, isCurrent }: LiveRun,
): LiveChanges {
  const { store, queue, isKeyHeld, after } = places;
  let encodersChanged: Promise<unknown> = Promise.resolve();

  /** @returns whether the run has it */
  const send = async (change: ControlChange): Promise<boolean> => {
    const before = life();
    if (before.at !== "training") {
      dispatch({ type: "change", change });
      return life() !== before;
    }
    const { intent, attempt } = before;
    const told = () => setControl(places, attempt.run, change);
    // caches are filled for one choice of encoders after the other, and the last is the one that stays
    const telling = change.encoders ? encodersChanged.then(told) : told();
    if (change.encoders) encodersChanged = telling;
    const failure = await telling;
    queue.flush(); // the store knows what is in force before the next change is compared with it
    if (failure && failure.code !== "CANCELLED" && isCurrent(intent)) {
      queue.push({ type: "warning", failure });
    }
    return failure === undefined;
  };

  return createLiveChanges({
    inForce: () => {
      const now = life();
      return now.at === "rest" ? null : inForce(now, store);
    },
    send,
    onWanted: (wanted) => store.getState().wantControl(wanted),
    putBack: (key) => putBack(life(), store, key),
    isKeyHeld,
    after,
  });
}

/** Sends a live change to the trainer; training goes on while a new encoder's features are computed. */
async function setControl(
  places: LivePlaces,
  run: RunStart,
  change: ControlChange,
): Promise<Failure | undefined> {
  const failure = change.encoders && (await cacheEncoders(places, run, change.encoders));
  if (failure) return failure;
  const { store, trainers, queue } = places;
  const outcome = await trainers.running().trainer.call((api) => api.setControl(change));
  if (!outcome.ok) return outcome.failure;
  // the event that says the same comes on a line of its own, and may come later than the next change
  const entry = outcome.value;
  if (entry) {
    queue.push({ type: "control", entry });
    store.getState().recordChange({ runId: run.runId, entry });
  }
  return undefined;
}

/** Fills what other encoders need, for the images the run sees. */
async function cacheEncoders(
  { caching, withDatabase }: LivePlaces,
  { runId, experiment }: RunStart,
  encoders: readonly EncoderId[],
): Promise<Failure | undefined> {
  const features = { encoders, space: experiment.evaluation.space };
  try {
    const record = await withDatabase((db) => getRun(db, runId));
    return await caching.cache(experiment, features, "switch the encoder", record?.imageRanges);
  } catch (thrown) {
    return toFailure(thrown);
  }
}

/** The alignment a run under way has come to; before the trainer has it, the one it will begin with. */
function inForce(life: Exclude<Life, { at: "rest" }>, store: StudioStore): Experiment["alignment"] {
  const started = life.at === "training" || life.at === "stopping";
  const { experiment, timeline } = startOf(life.attempt);
  return alignmentAt(experiment, started ? store.getState().run.timeline : timeline, Infinity);
}

/** The form shows again what the run trains with, or trained with, where a change was not taken. */
function putBack(life: Life, store: StudioStore, key: LiveKey): void {
  const { run, setField } = store.getState();
  if (life.at !== "rest") return setField("alignment", key, inForce(life, store)[key]);
  if (!run.experiment) return;
  setField("alignment", key, alignmentAt(run.experiment, run.timeline, Infinity)[key]);
}

import { alignmentAt, type ControlChange } from "../../../common/config/experiment";
import { startsEarly } from "../../../common/config/imageEntries";
import { differing } from "../../../common/config/liveChange";
import type { Failure } from "../../../common/errors/studioError";
import type { WeightsNeeded } from "../../../common/protocol/weights";
import type { RunStatus } from "../../store/runPhase";
import type { RunStart } from "../../store/runSlice";

/**
 * The life of the page's run, from a press to its end: what a press does, and which answers of the workers still count.
 * Nothing here talks to a worker; `controller.ts` carries out the effects.
 */

/** Names one attempt to train. Every answer carries the intent it was asked for; answers of older ones are dropped. */
export type Intent = number;

/** What an attempt is to do. */
export interface Attempt {
  readonly run: RunStart;
  /** Pause after so many steps. */
  readonly pauseAfter?: number | undefined;
  /** Steps taken by the newest checkpoint, of a run that goes on. */
  readonly from?: number | undefined;
  /** Live settings that were moved before the trainer has the run. */
  readonly changes?: ControlChange | undefined;
}

/** The run of an attempt, with what was changed since the press in its timeline, for the first step to come. */
export function startOf({ run, from = 0, changes = {} }: Attempt): RunStart {
  const first = from + 1;
  const change = differing(alignmentAt(run.experiment, run.timeline, first), changes);
  if (!change) return run;
  const timeline = [...run.timeline, { step: first, change }].sort((a, b) => a.step - b.step);
  return { ...run, timeline };
}

/** What was shown before an attempt, to be shown again when it is given up before anything of it is stored. */
export interface Shown {
  readonly phase: RunStatus;
  readonly detail: string;
}

interface Under {
  readonly intent: Intent;
  readonly attempt: Attempt;
}

export type Life =
  | { readonly at: "rest"; readonly last: Intent }
  /** It is being found out whether another tab has the run. */
  | (Under & { readonly at: "claiming"; readonly before: Shown })
  /** What the run lacks is being found out. */
  | (Under & { readonly at: "lookingUp"; readonly before: Shown })
  /** The user is asked for weights. */
  | (Under & { readonly at: "asking"; readonly before: Shown })
  | (Under & { readonly at: "caching" })
  /** Cancelled while caches were filled: the shard in flight is waited for. */
  | (Under & { readonly at: "cancelling" })
  /** The same, to train on what is cached. */
  | (Under & { readonly at: "leaving" })
  /** The trainer has the run. Of one that started early, caches may still be filled. */
  | (Under & { readonly at: "training"; readonly filling: boolean })
  /** It was told to stop, and so was what fills its caches. Both are waited for. */
  | (Under & {
      readonly at: "stopping";
      readonly filling: boolean;
      /** How the trainer ended, where that is known by now. */
      readonly end?: Of<"ended"> | undefined;
    });

export type At = Life["at"];
type In<A extends At> = Extract<Life, { readonly at: A }>;

/** A press of the user. */
export type Press =
  | { readonly type: "train"; readonly attempt: Attempt; readonly before: Shown }
  | { readonly type: "pause" }
  | { readonly type: "resume" }
  | { readonly type: "step" }
  | { readonly type: "stop" }
  | { readonly type: "trainOnCached" }
  /** A live setting was moved before the trainer has the run; a change that is not taken leaves the state as it is. */
  | { readonly type: "change"; readonly change: ControlChange };

/** An answer to an effect. */
export type Answer = { readonly intent: Intent } &
  /** Whether the run is this tab's now. */
  (
    | { readonly type: "claimed"; readonly held: boolean }
    /** The weights a run lacks, or why it cannot run here. */
    | {
        readonly type: "lookedUp";
        readonly weights: readonly WeightsNeeded[];
        readonly refusal?: Failure | undefined;
      }
    | { readonly type: "decided"; readonly decision: "ready" | "declined" }
    /** The run's record is stored; filling begins. */
    | { readonly type: "recorded" }
    /** Caches are filled, or why not. */
    | { readonly type: "filled"; readonly failure?: Failure | undefined }
    /** The trainer is done with the run, well or not. */
    | { readonly type: "ended"; readonly failure?: Failure | undefined }
    /** What was told to end has not, for too long. */
    | { readonly type: "late" }
  );

export type LifeEvent = Press | Answer;

/** Something the controller does. Those with an intent are answered. */
export type Effect =
  /** Takes the run for this tab. It is given back when the machine rests. */
  | { readonly type: "claim"; readonly intent: Intent; readonly run: RunStart }
  | { readonly type: "lookUp"; readonly intent: Intent; readonly run: RunStart }
  | { readonly type: "ask"; readonly intent: Intent; readonly weights: readonly WeightsNeeded[] }
  | { readonly type: "closeAsk" }
  /** Shows the run and stores its record, then fills caches: whatever was begun can be continued or deleted. */
  | { readonly type: "fill"; readonly intent: Intent; readonly run: RunStart }
  | {
      readonly type: "train";
      readonly intent: Intent;
      readonly attempt: Attempt;
      readonly cachedOnly: boolean;
    }
  | { readonly type: "tell"; readonly message: "pause" | "resume" | "singleStep" }
  /** Tells a worker to end what it does for the run. Answers `late` when the worker does not hear it. */
  | { readonly type: "end"; readonly worker: "features" | "trainer"; readonly intent: Intent }
  /** Ends a worker that does not answer, or that cannot be used again. */
  | { readonly type: "endWorker"; readonly worker: "features" | "trainer" }
  /** The run's timeline has changed before the trainer has it. */
  | { readonly type: "keepTimeline"; readonly run: RunStart }
  | { readonly type: "warn"; readonly failure: Failure }
  | { readonly type: "show"; readonly phase: RunStatus; readonly detail: string }
  /** The run ended before the trainer had it; its record says so. */
  | { readonly type: "stopped"; readonly run: RunStart; readonly detail: string }
  | { readonly type: "failed"; readonly run: RunStart; readonly failure: Failure }
  /** The same before anything of it was stored. */
  | { readonly type: "refused"; readonly run: RunStart; readonly failure: Failure }
  /** Another tab has the run: it is shown as that one stores it. */
  | { readonly type: "elsewhere"; readonly run: RunStart }
  /** Nothing is under way any more: lists are read anew. */
  | { readonly type: "over" };

export interface Step {
  readonly life: Life;
  readonly effects: readonly Effect[];
}

type Of<T extends LifeEvent["type"]> = Extract<LifeEvent, { readonly type: T }>;

/** For each state the events that mean something in it. All others change nothing. */
type Table = {
  readonly [A in At]: {
    readonly [T in LifeEvent["type"]]?: (life: In<A>, event: Of<T>) => Step;
  };
};

const LOOKING = "Looking what is needed";
const LATE: Readonly<Record<"features" | "trainer", string>> = {
  features: "Caching did not answer and was ended; what was written is kept",
  trainer: "The trainer did not answer and was ended; the newest checkpoint is kept",
};

/** Failures after which a worker's device or the worker itself is gone. */
const GONE: ReadonlySet<Failure["code"]> = new Set([
  "DEVICE_LOST",
  "GPU_ERROR",
  "OUT_OF_MEMORY",
  "BACKEND_FAILED",
  "WORKER_FAILED",
]);

const step = (life: Life, ...effects: readonly Effect[]): Step => ({ life, effects });
const rest = ({ intent }: Under): Life => ({ at: "rest", last: intent });

/** Back to what was shown before: nothing of the attempt is stored yet. */
const givenUp = (
  life: In<"claiming" | "lookingUp" | "asking">,
  ...effects: readonly Effect[]
): Step => step(rest(life), ...effects, { type: "show", ...life.before });

const fill = ({ intent, attempt }: Under): Step =>
  step({ at: "caching", intent, attempt }, { type: "fill", intent, run: startOf(attempt) });

const train = ({ intent, attempt }: Under, cachedOnly: boolean): Step =>
  step(
    { at: "training", intent, attempt, filling: false },
    { type: "train", intent, attempt, cachedOnly },
  );

/** A run that starts early goes to the trainer at once: it waits for the first images itself. */
const trainEarly = (life: In<"caching">): Step => {
  const { intent, attempt } = life;
  return startsEarly(attempt.run.experiment, attempt.run.timeline)
    ? step(
        { at: "training", intent, attempt, filling: true },
        { type: "train", intent, attempt, cachedOnly: false },
      )
    : step(life);
};

const stopped = (life: Under, detail: string, ...effects: readonly Effect[]): Step =>
  step(
    rest(life),
    ...effects,
    { type: "stopped", run: life.attempt.run, detail },
    { type: "over" },
  );

/** The features worker stays: others may be importing or downloading in it, unless it can do nothing any more. */
const cachingFailed = (life: Under, failure: Failure): Step =>
  step(
    rest(life),
    { type: "failed", run: life.attempt.run, failure },
    ...(GONE.has(failure.code) ? [{ type: "endWorker", worker: "features" } as const] : []),
    { type: "over" },
  );

const ended = (life: Under, { failure }: Of<"ended">): Step =>
  failure
    ? step(
        rest(life),
        { type: "failed", run: life.attempt.run, failure },
        { type: "endWorker", worker: "trainer" },
        { type: "over" },
      )
    : step(rest(life), { type: "over" });

const tell =
  (message: Extract<Effect, { type: "tell" }>["message"]) =>
  (life: Life): Step =>
    step(life, { type: "tell", message });

/** What is looked up and cached is for the encoders that were asked for. */
const ENCODERS_LATER: Failure = {
  code: "OUT_OF_RANGE",
  message: "The target encoders cannot be changed while caches are filled for a run.",
  hint: "Change them when it trains, or press Cancel and start anew.",
};

/** @param kept whether the run's record is stored by now */
const changed =
  (kept: boolean) =>
  (
    life: In<"claiming" | "lookingUp" | "asking" | "caching" | "leaving">,
    { change }: Of<"change">,
  ): Step => {
    if (change.encoders) return step(life, { type: "warn", failure: ENCODERS_LATER });
    const changes = { ...life.attempt.changes, ...change };
    const attempt = { ...life.attempt, changes };
    const next = { ...life, attempt };
    return kept ? step(next, { type: "keepTimeline", run: startOf(attempt) }) : step(next);
  };

const endTrainer = ({ intent }: Under): Effect => ({ type: "end", worker: "trainer", intent });

/** Ends what is still filled for a run that is over. */
const endFilling = ({ intent, filling }: In<"training">): readonly Effect[] =>
  filling ? [{ type: "end", worker: "features", intent }] : [];

const isCancelled = (failure: Failure | undefined) => failure?.code === "CANCELLED";

/** What happens in which state. */
export const LIFE: Table = {
  rest: {
    train: ({ last }, { attempt, before }) => {
      const intent = last + 1;
      return step(
        { at: "claiming", intent, attempt, before },
        { type: "show", phase: "caching", detail: LOOKING },
        { type: "claim", intent, run: attempt.run },
      );
    },
  },
  claiming: {
    claimed: (life, { held }) => {
      const { intent, attempt } = life;
      return held
        ? step({ ...life, at: "lookingUp" }, { type: "lookUp", intent, run: attempt.run })
        : step(rest(life), { type: "elsewhere", run: attempt.run });
    },
    stop: (life) => givenUp(life),
    change: changed(false),
  },
  lookingUp: {
    lookedUp: (life, { weights, refusal }) => {
      const { intent, attempt } = life;
      if (refusal) return step(rest(life), { type: "refused", run: attempt.run, failure: refusal });
      return weights.length === 0
        ? fill(life)
        : step({ ...life, at: "asking" }, { type: "ask", intent, weights });
    },
    stop: (life) => givenUp(life),
    change: changed(false),
  },
  asking: {
    decided: (life, { decision }) => (decision === "ready" ? fill(life) : givenUp(life)),
    stop: (life) => givenUp(life, { type: "closeAsk" }),
    change: changed(false),
  },
  caching: {
    recorded: trainEarly,
    filled: (life, { failure }) => {
      if (isCancelled(failure)) return stopped(life, failure?.message ?? ""); // by another than the user
      return failure ? cachingFailed(life, failure) : train(life, false);
    },
    stop: ({ intent, attempt }) =>
      step({ at: "cancelling", intent, attempt }, { type: "end", worker: "features", intent }),
    trainOnCached: ({ intent, attempt }) =>
      step({ at: "leaving", intent, attempt }, { type: "end", worker: "features", intent }),
    change: changed(true),
  },
  cancelling: {
    filled: (life, { failure }) =>
      failure && !isCancelled(failure)
        ? cachingFailed(life, failure)
        : stopped(life, failure?.message ?? ""),
    late: (life) => stopped(life, LATE.features, { type: "endWorker", worker: "features" }),
  },
  leaving: {
    filled: (life, { failure }) =>
      failure && !isCancelled(failure) ? cachingFailed(life, failure) : train(life, true),
    stop: (life) => step({ ...life, at: "cancelling" }),
    change: changed(true),
    late: (life) => stopped(life, LATE.features, { type: "endWorker", worker: "features" }),
  },
  training: {
    pause: tell("pause"),
    resume: tell("resume"),
    step: tell("singleStep"),
    stop: (life) => step({ ...life, at: "stopping" }, ...endFilling(life), endTrainer(life)),
    // without the rest of its images a run would wait for ever: it stops with a checkpoint, and can go on
    filled: (life, { failure }) => {
      if (!failure) return step({ ...life, filling: false });
      return step(
        { ...life, at: "stopping", filling: false },
        ...(isCancelled(failure) ? [] : [{ type: "warn", failure } as const]),
        ...(GONE.has(failure.code) ? [{ type: "endWorker", worker: "features" } as const] : []),
        endTrainer(life),
      );
    },
    ended: (life, event) =>
      life.filling
        ? step({ ...life, at: "stopping", end: event }, ...endFilling(life))
        : ended(life, event),
  },
  stopping: {
    ended: (life, event) => (life.filling ? step({ ...life, end: event }) : ended(life, event)),
    filled: (life) =>
      life.filling && life.end ? ended(life, life.end) : step({ ...life, filling: false }),
    late: (life) => {
      const workers = life.filling ? [{ type: "endWorker", worker: "features" } as const] : [];
      if (life.end) {
        const over = ended(life, life.end);
        return step(over.life, ...workers, ...over.effects);
      }
      return stopped(life, LATE.trainer, ...workers, { type: "endWorker", worker: "trainer" });
    },
  },
};

export const initialLife: Life = { at: "rest", last: 0 };

/** The next state and what is to be done; the state itself and nothing for an event that means nothing in it. */
export function nextLife(life: Life, event: LifeEvent): Step {
  const isOld = "intent" in event && (life.at === "rest" || event.intent !== life.intent);
  const row: Readonly<Record<string, ((life: never, event: never) => Step) | undefined>> =
    LIFE[life.at];
  const change = isOld ? undefined : row[event.type];
  // one row of the table takes exactly its state and its event
  return change ? change(life as never, event as never) : { life, effects: [] };
}

/**
 * Whether what an attempt's worker says is still to be shown. Events and the end of a call come over two lines, in any
 * order: after its end the newest attempt's events count, but for one that would show it as under way.
 */
export function isHeard(life: Life, intent: Intent, saysUnderWay: boolean): boolean {
  if (life.at === "rest") return life.last === intent && !saysUnderWay;
  return life.intent === intent;
}

/** Whether settings that are not live are locked. */
export const isUnderWay = ({ at }: Life): boolean => at !== "rest";

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { alignmentAt } from "../../../common/config/experiment";
import { presetById } from "../../../common/config/presets";
import type { Failure } from "../../../common/errors/studioError";
import {
  initialLife,
  isHeard,
  LIFE,
  nextLife,
  startOf,
  type Answer,
  type Effect,
  type Life,
  type LifeEvent,
  type Press,
} from "./machine";

const EXPERIMENT = presetById("tiny").experiment;
const failure = (code: Failure["code"]): Failure => ({ code, message: code, hint: "" });
const before = { phase: "idle", detail: "" } as const;
const attemptOf = (runId: string) => ({
  run: { runId, name: "a run", experiment: EXPERIMENT, timeline: [] },
});
const pressTrain = (runId = "a"): Press => ({ type: "train", attempt: attemptOf(runId), before });
/** Of a run that starts on the images encoded so far. */
const earlyRun = {
  ...attemptOf("early").run,
  experiment: { ...EXPERIMENT, data: { ...EXPERIMENT.data, startEarly: true } },
};
const pressEarly: Press = { type: "train", attempt: { run: earlyRun }, before };

/** The machine after some events, and every effect on the way. */
function after(...events: readonly LifeEvent[]) {
  let life: Life = initialLife;
  const effects: Effect[] = [];
  for (const event of events) {
    const next = nextLife(life, event);
    life = next.life;
    effects.push(...next.effects);
  }
  return { at: life.at, life, effects: effects.map(({ type }) => type).join(" "), all: effects };
}

const STOP: Press = { type: "stop" };
const RECORDED: Answer = { intent: 1, type: "recorded" };
const ENDED: Answer = { intent: 1, type: "ended" };
const CLAIMED: Answer = { intent: 1, type: "claimed", held: true };
const NEEDS_NOTHING: Answer = { intent: 1, type: "lookedUp", weights: [] };
const NEEDS_WEIGHTS: Answer = { intent: 1, type: "lookedUp", weights: [{} as never] };
const FILLED: Answer = { intent: 1, type: "filled" };
const CANCELLED: Answer = { intent: 1, type: "filled", failure: failure("CANCELLED") };
const LATE: Answer = { intent: 1, type: "late" };

describe("a press", () => {
  test("twice starts one run", () => {
    const { at, effects } = after(pressTrain("a"), pressTrain("b"));
    expect([at, effects]).toEqual(["claiming", "show claim"]);
  });

  test("on Resume while a run trains goes to that run, and starts nothing", () => {
    const { effects } = after(pressTrain(), CLAIMED, NEEDS_NOTHING, FILLED, pressTrain(), {
      type: "resume",
    });
    expect(effects).toBe("show claim lookUp fill train tell");
  });

  test("on Cancel while the need is looked up is not lost: the run does not start", () => {
    const { at, effects, all } = after(pressTrain(), CLAIMED, STOP, NEEDS_NOTHING);
    expect([at, effects]).toEqual(["rest", "show claim lookUp show"]);
    expect(all.at(-1)).toEqual({ type: "show", ...before });
  });

  test("on Cancel while weights are asked for closes the dialog", () => {
    const { at, effects } = after(pressTrain(), CLAIMED, NEEDS_WEIGHTS, STOP);
    expect([at, effects]).toEqual(["rest", "show claim lookUp ask closeAsk show"]);
  });

  test("on Cancel while caching leaves a stopped run, also where the caches were full by then", () => {
    for (const answer of [CANCELLED, FILLED]) {
      const { at, effects } = after(pressTrain(), CLAIMED, NEEDS_NOTHING, STOP, STOP, answer);
      expect([at, effects]).toEqual(["rest", "show claim lookUp fill end stopped over"]);
    }
  });

  test("on Cancel that the worker does not answer ends the worker", () => {
    const { at, effects } = after(pressTrain(), CLAIMED, NEEDS_NOTHING, STOP, LATE, FILLED);
    expect(at).toBe("rest");
    expect(effects).toBe("show claim lookUp fill end endWorker stopped over");
  });

  test("on Train on what is cached trains on it, and Cancel after it still cancels", () => {
    const leave: Press = { type: "trainOnCached" };
    const trained = after(pressTrain(), CLAIMED, NEEDS_NOTHING, leave, CANCELLED);
    expect(trained.all.at(-1)).toMatchObject({ type: "train", cachedOnly: true });
    const { at } = after(pressTrain(), CLAIMED, NEEDS_NOTHING, leave, STOP, CANCELLED);
    expect(at).toBe("rest");
  });
});

test("a run that another tab has is not started here, and is shown as it is stored", () => {
  const { at, effects } = after(pressTrain(), { intent: 1, type: "claimed", held: false });
  expect([at, effects]).toEqual(["rest", "show claim elsewhere"]);
});

describe("a run that starts early", () => {
  const begun = [pressEarly, CLAIMED, NEEDS_NOTHING, RECORDED];
  const FAILED: Answer = { intent: 1, type: "filled", failure: failure("QUOTA_EXCEEDED") };

  test("is with the trainer as soon as its record is stored; another waits for its caches", () => {
    expect(after(...begun).effects).toBe("show claim lookUp fill train");
    expect(after(...begun, FILLED, ENDED).effects).toBe("show claim lookUp fill train over");
    const other = after(pressTrain(), CLAIMED, NEEDS_NOTHING, RECORDED);
    expect(other.effects).toBe("show claim lookUp fill");
  });

  test("waits like any other where it repeats the images of a timeline", () => {
    const timeline = [{ step: 1, change: {}, images: 1 }];
    const press: Press = { ...pressEarly, attempt: { run: { ...earlyRun, timeline } } };
    expect(after(press, CLAIMED, NEEDS_NOTHING, RECORDED).at).toBe("caching");
  });

  test("stopped while caches are filled rests once both workers have ended, in any order", () => {
    for (const answers of [
      [CANCELLED, ENDED],
      [ENDED, CANCELLED],
    ]) {
      const stopping = after(...begun, STOP, answers[0] ?? STOP);
      expect(stopping.at).toBe("stopping");
      const { at, effects } = after(...begun, STOP, ...answers);
      expect([at, effects]).toEqual(["rest", "show claim lookUp fill train end end over"]);
    }
  });

  test("that ends while caches are filled ends their filling", () => {
    const { at, effects } = after(...begun, ENDED, CANCELLED);
    expect([at, effects]).toEqual(["rest", "show claim lookUp fill train end over"]);
  });

  test("is stopped, and says why, where the rest of its images cannot be encoded", () => {
    const { at, effects } = after(...begun, FAILED, ENDED);
    expect([at, effects]).toEqual(["rest", "show claim lookUp fill train warn end over"]);
  });

  test("whose workers do not answer ends them", () => {
    const { at, effects } = after(...begun, STOP, LATE);
    expect(at).toBe("rest");
    expect(effects).toBe("show claim lookUp fill train end end endWorker endWorker stopped over");
  });
});

describe("a live setting moved before the trainer has the run", () => {
  const moved = (projCoeff: number): Press => ({ type: "change", change: { projCoeff } });
  const { projCoeff } = EXPERIMENT.alignment;

  test("is in the timeline from the first step on, and in the record", () => {
    const { all } = after(
      pressTrain(),
      moved(0.6),
      CLAIMED,
      NEEDS_NOTHING,
      moved(0.7),
      moved(0.9),
      FILLED,
    );
    const timeline = [{ step: 1, change: { projCoeff: 0.9 } }];
    const kept = all.flatMap((effect) => (effect.type === "keepTimeline" ? [effect.run] : []));
    expect(kept.at(-1)?.timeline).toEqual(timeline);
    const started = all.flatMap((effect) => (effect.type === "train" ? [effect.attempt] : []));
    expect(started.map((attempt) => startOf(attempt).timeline)).toEqual([timeline]);
    const filled = all.flatMap((effect) => (effect.type === "fill" ? [effect.run] : []));
    expect(filled[0]?.timeline).toEqual([{ step: 1, change: { projCoeff: 0.6 } }]);
  });

  test("and back leaves no entry", () => {
    const { life } = after(
      pressTrain(),
      CLAIMED,
      NEEDS_NOTHING,
      moved(0.9),
      moved(projCoeff),
      FILLED,
    );
    expect(life.at === "training" && startOf(life.attempt).timeline).toEqual([]);
  });

  test("of a run that goes on holds from the step after its checkpoint", () => {
    const older = { step: 3, change: { projCoeff: 0.7 } };
    const attempt = { run: { ...attemptOf("a").run, timeline: [older] }, from: 20 };
    const press: Press = { type: "train", attempt, before };
    const { life } = after(press, moved(0.9));
    expect(life.at === "claiming" && startOf(life.attempt).timeline).toEqual([
      older,
      { step: 21, change: { projCoeff: 0.9 } },
    ]);
  });

  test("is not taken where it is the encoders, and says why", () => {
    const { life } = after(pressTrain(), CLAIMED, NEEDS_NOTHING);
    const change: Press = { type: "change", change: { encoders: ["patch-histogram"] } };
    const next = nextLife(life, change);
    expect(next.life).toBe(life);
    expect(next.effects).toMatchObject([{ type: "warn", failure: { code: "OUT_OF_RANGE" } }]);
  });

  test("is not taken of a run that is being cancelled", () => {
    const { life } = after(pressTrain(), CLAIMED, NEEDS_NOTHING, STOP);
    expect(nextLife(life, moved(0.9))).toEqual({ life, effects: [] });
  });
});

describe("a failure", () => {
  test("of the run ends the trainer alone: an import or a download goes on", () => {
    const ended: Answer = { intent: 1, type: "ended", failure: failure("INTERNAL") };
    const { all } = after(pressTrain(), CLAIMED, NEEDS_NOTHING, FILLED, ended);
    const workers = all.flatMap((effect) => (effect.type === "endWorker" ? effect.worker : []));
    expect(workers).toEqual(["trainer"]);
  });

  test("that is known before it starts shows it, and asks and stores nothing", () => {
    const refused: Answer = {
      ...{ intent: 1, type: "lookedUp", weights: [], refusal: failure("OUT_OF_MEMORY") },
    };
    const { at, effects } = after(pressTrain(), CLAIMED, refused);
    expect([at, effects]).toEqual(["rest", "show claim lookUp refused"]);
  });

  test("of caching ends no worker, unless its device is gone", () => {
    const filled = (code: Failure["code"]): Answer => ({
      ...{ intent: 1, type: "filled", failure: failure(code) },
    });
    const missing = after(pressTrain(), CLAIMED, NEEDS_NOTHING, filled("DATASET_MISSING"));
    expect(missing.effects).toBe("show claim lookUp fill failed over");
    const lost = after(pressTrain(), CLAIMED, NEEDS_NOTHING, filled("DEVICE_LOST"));
    expect(lost.effects).toBe("show claim lookUp fill failed endWorker over");
  });
});

test("answers to an older attempt change nothing", () => {
  const { life } = after(pressTrain("a"), STOP, pressTrain("b"));
  for (const answer of [CLAIMED, NEEDS_NOTHING, FILLED, LATE, CANCELLED]) {
    expect(nextLife(life, answer)).toEqual({ life, effects: [] });
  }
});

test("the newest attempt's last words count after its end, but not that it trains; an older one's do not", () => {
  const ended: Answer = { intent: 1, type: "ended" };
  const { life } = after(pressTrain("a"), CLAIMED, NEEDS_NOTHING, FILLED, ended);
  expect(life.at).toBe("rest");
  expect([isHeard(life, 1, false), isHeard(life, 1, true)]).toEqual([true, false]);
  const next = nextLife(life, pressTrain("b")).life;
  expect([isHeard(next, 1, false), isHeard(next, 2, true)]).toEqual([false, true]);
});

/** Workers as the controller sees them: what each was asked for and has not answered. */
interface World {
  readonly life: Life;
  readonly asked: readonly Effect[];
  readonly ended: ReadonlyMap<string, number>;
  /** λ as the form shows it: the newest that was taken. */
  readonly projCoeff: number;
}

/** What happens next by chance: a press, or an answer to something that was asked for, in any order. */
type Chance =
  | { readonly kind: "press"; readonly press: Press }
  | { readonly kind: "recorded" }
  | { readonly kind: "answer"; readonly which: number; readonly how: number };

const chance: fc.Arbitrary<Chance> = fc.oneof(
  fc
    .constantFrom<Press>(
      pressTrain(),
      pressEarly,
      { type: "pause" },
      { type: "resume" },
      { type: "step" },
      STOP,
      { type: "trainOnCached" },
      { type: "change", change: { projCoeff: 0.75 } },
      { type: "change", change: { projCoeff: EXPERIMENT.alignment.projCoeff } },
    )
    .map((press) => ({ kind: "press" as const, press })),
  fc.constant({ kind: "recorded" as const }),
  fc.record({
    kind: fc.constant("answer" as const),
    which: fc.nat({ max: 5 }),
    how: fc.nat({ max: 3 }),
  }),
);

const CODES = ["CANCELLED", "DEVICE_LOST", "DATASET_MISSING"] as const;
const failureOf = (how: number) => {
  const code = CODES[how - 1];
  return code ? failure(code) : undefined;
};

/** The answer to an effect, well (0) or badly; undefined for effects that are not answered. */
function answerTo(effect: Effect, how: number): Answer | undefined {
  switch (effect.type) {
    case "claim":
      return { intent: effect.intent, type: "claimed", held: how !== 1 };
    case "lookUp":
      return { intent: effect.intent, type: "lookedUp", weights: how > 1 ? [{} as never] : [] };
    case "ask":
      return { intent: effect.intent, type: "decided", decision: how > 1 ? "declined" : "ready" };
    case "fill":
      return { intent: effect.intent, type: "filled", failure: failureOf(how) };
    case "train":
      return { intent: effect.intent, type: "ended", failure: failureOf(how) };
    case "end":
      return { intent: effect.intent, type: "late" };
    default:
      return undefined;
  }
}

const WORKER_OF = { fill: "features", train: "trainer" } as const;
const workerOf = (effect: Effect) =>
  effect.type === "fill" || effect.type === "train" ? WORKER_OF[effect.type] : undefined;

function happen(world: World, event: LifeEvent): World {
  const { life, effects } = nextLife(world.life, event);
  const isNew = world.life.at === "rest" && life.at !== "rest";
  let projCoeff = isNew ? EXPERIMENT.alignment.projCoeff : world.projCoeff;
  if (event.type === "change" && life !== world.life)
    projCoeff = event.change.projCoeff ?? projCoeff;
  let asked = world.asked;
  const ended = new Map(world.ended);
  for (const effect of effects) {
    const worker = workerOf(effect);
    // one worker computes for one attempt at a time
    if (worker) expect(asked.filter((other) => workerOf(other) === worker)).toEqual([]);
    if (effect.type === "train") {
      const { experiment, timeline } = startOf(effect.attempt);
      expect(alignmentAt(experiment, timeline, 1).projCoeff).toBe(projCoeff);
    }
    if (effect.type === "endWorker")
      asked = asked.filter((other) => workerOf(other) !== effect.worker);
    if (answerTo(effect, 0)) asked = [...asked, effect];
    if (effect.type === "stopped" || effect.type === "failed" || effect.type === "over") {
      const intent = world.life.at === "rest" ? 0 : world.life.intent;
      const key = `${intent} ${effect.type === "over" ? "over" : "shown"}`;
      ended.set(key, (ended.get(key) ?? 0) + 1);
    }
  }
  return { life, asked, ended, projCoeff };
}

function proceed(world: World, next: Chance): World {
  if (next.kind === "press") return happen(world, next.press);
  if (next.kind === "recorded") {
    const filling = world.asked.find(({ type }) => type === "fill");
    if (filling?.type !== "fill") return world;
    return happen(world, { type: "recorded", intent: filling.intent });
  }
  const effect = world.asked[next.which % Math.max(1, world.asked.length)];
  const answer = effect && answerTo(effect, next.how);
  if (!answer) return world;
  return happen({ ...world, asked: world.asked.filter((other) => other !== effect) }, answer);
}

const SEQUENCES = 10_000;

test(`${SEQUENCES} sequences of presses and answers: one run at a time, told once that it ended, never stuck`, () => {
  fc.assert(
    fc.property(fc.array(chance, { maxLength: 40 }), (chances) => {
      const start: World = { life: initialLife, asked: [], ended: new Map(), projCoeff: NaN };
      let world = chances.reduce(proceed, start);
      // whatever happened: who stops and whose workers answer can train again
      world = happen(world, STOP);
      for (let i = 0; world.asked.length > 0 && i < 20; i++) {
        world = proceed(world, { kind: "answer", which: 0, how: 0 });
      }
      expect(world.life.at).toBe("rest");
      for (const count of world.ended.values()) expect(count).toBe(1);
      expect(happen(world, pressTrain()).life.at).toBe("claiming");
    }),
    { numRuns: SEQUENCES },
  );
});

test("the table names every state, and no state but rest takes a press on Train", () => {
  const taking = Object.entries(LIFE).flatMap(([at, row]) => ("train" in row ? at : []));
  expect(taking).toEqual(["rest"]);
});

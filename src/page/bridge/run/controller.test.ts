import fc from "fast-check";
import { expect, test } from "vitest";
import { presetById } from "../../../common/config/presets";
import type { Failure } from "../../../common/errors/studioError";
import type { Outcome } from "../../../common/protocol/shared";
import type { RunEvent } from "../../../common/protocol/trainer";
import { isActive } from "../../store/runPhase";
import { createStudioStore } from "../../store/studioStore";
import type { FeaturesWorkers, TrainerWorkers, WorkerPool } from "../workers/workers";
import { createRunController } from "./controller";
import { createEventQueue } from "./eventQueue";
import type { Press } from "./machine";
import type { RunPlaces } from "./places";

const { experiment } = presetById("tiny");
const failure = (code: Failure["code"]): Failure => ({ code, message: code, hint: "" });
const failed = (code: Failure["code"]): Outcome<never> => ({ ok: false, failure: failure(code) });

const taken = (): Outcome<null> => ({ ok: true, value: null });

/** Everything that was asked of the outside and has no answer yet; a test answers in any order. */
function openQuestions() {
  const open: ((how: number) => void)[] = [];
  /** @param answers how it may be answered; the first is how it goes well */
  const ask = <T>(...answers: readonly [() => T, ...(() => T)[]]) =>
    new Promise<T>((resolve, reject) => {
      open.push((how) => {
        try {
          resolve((answers[how] ?? answers[0])());
        } catch (thrown) {
          reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
        }
      });
    });
  return {
    ask,
    count: () => open.length,
    answer: (which: number, how: number) => open.splice(which % open.length, 1)[0]?.(how),
  };
}

/** A pool whose worker dies with it: what it was asked is then answered with WORKER_FAILED, as workerClient.ts does. */
function fakePool<W extends { readonly terminate: () => void }>(
  make: () => Omit<W, "terminate">,
): WorkerPool<W> {
  let workers: W | undefined;
  return {
    running: () => (workers ??= { ...make(), terminate: () => undefined } as W),
    current: () => workers,
    end: () => (workers = undefined),
  };
}

/** The page's own controller, store and queue, over workers, locks and storage that do what the test says. */
function world() {
  const { ask, count, answer } = openQuestions();
  const store = createStudioStore(experiment);
  const queue = createEventQueue((events) => store.getState().applyRunEvents(events));
  const held = new Set<string>();
  let starts = 0;
  let training = 0;
  const events: (() => void)[] = [];
  const cancelled = { features: false, trainer: false };

  const trainerOf = (onEvent: (event: RunEvent) => void) => {
    training++;
    expect(training, "one run trains at a time").toBe(1);
    const tell = (event: RunEvent) => events.push(() => onEvent(event));
    tell({ type: "phase", phase: "training", step: 0 });
    const end = (phase: "finished" | "stopped") => () => {
      training--;
      tell({ type: "phase", phase, step: 1 }); // its own line: it may come after the end
      return { ok: true, value: null } as const;
    };
    const fail = (code: Failure["code"]) => () => {
      training--;
      return failed(code);
    };
    return ask<Outcome<null>>(
      end("finished"),
      end("stopped"),
      fail("INTERNAL"),
      fail("DEVICE_LOST"),
    );
  };
  const trainers = fakePool<TrainerWorkers>(() => ({
    trainer: {
      call: (use) =>
        use({
          start: (_: unknown, onEvent: (event: RunEvent) => void) => trainerOf(onEvent),
          setControl: () => ask<Outcome<null>>(taken, () => failed("STORAGE_FAILED")),
        } as unknown as never),
      tell: () => ask<Outcome<null>>(taken),
      gone: new Promise(() => undefined),
      terminate: () => undefined,
    } satisfies TrainerWorkers["trainer"],
  }));
  const places: RunPlaces = {
    store,
    queue,
    trainers: {
      ...trainers,
      end: () => {
        training = 0;
        trainers.end();
      },
    },
    features: fakePool<FeaturesWorkers>(() => ({ features: {} as never })),
    locks: {
      take: (runId) =>
        ask(
          () => {
            expect(held.has(runId), "a run is held once").toBe(false);
            held.add(runId);
            return () => void held.delete(runId);
          },
          () => undefined,
        ),
    },
    weights: {
      ensureWeights: () =>
        ask<"ready" | "declined">(
          () => "ready",
          () => "declined",
        ),
      decline: () => undefined,
    },
    caching: {
      costEstimate: () =>
        ask<never>(
          () => ({ ok: true, value: { weights: [] } }) as never,
          () => ({ ok: true, value: { weights: [{}] } }) as never,
          () => failed("INTERNAL") as never,
        ),
      fill: () =>
        ask<Failure | undefined>(
          () => (cancelled.features ? failure("CANCELLED") : undefined),
          () => failure("DATASET_MISSING"),
          () => failure("DEVICE_LOST"),
        ),
      cache: () => Promise.resolve(undefined),
      cancelCaching: () => {
        cancelled.features = true;
        return ask(() => undefined);
      },
    },
    withDatabase: () =>
      ask<never>(
        () => undefined as never,
        () => {
          throw new Error("the disk is full");
        },
      ),
    backend: "cpu",
    codeVersion: "test",
    nowMs: () => 0,
    refusal: () => null,
    pausePrefill: () => Promise.resolve(),
    onElsewhere: () => store.getState().setPhase("stopped"),
    onOver: () => undefined,
    heardMs: 1e6,
    isKeyHeld: () => false,
    after: (_, run) => {
      run();
      return () => undefined;
    },
  };
  const run = createRunController(places);
  return {
    store,
    run,
    count,
    answer,
    held,
    /** A press on Train: a new run, or the shown one again. */
    train: (again: boolean) => {
      const shown = store.getState().run.runId;
      const runId = again && shown !== null ? shown : `run ${starts++}`;
      cancelled.features = false;
      run.train({ run: { runId, name: "a run", experiment, timeline: [] } });
    },
    deliver: () => events.shift()?.(),
    events: () => events.length,
  };
}

type Button = Exclude<Press, { type: "train" | "change" }>;

/** What happens next by chance. */
type Chance =
  | { readonly kind: "train"; readonly again: boolean }
  | { readonly kind: "press"; readonly press: Button }
  | { readonly kind: "answer"; readonly which: number; readonly how: number }
  | { readonly kind: "change"; readonly projCoeff: number }
  | { readonly kind: "event" };

const chance: fc.Arbitrary<Chance> = fc.oneof(
  fc.boolean().map((again) => ({ kind: "train" as const, again })),
  fc
    .constantFrom<Button>(
      { type: "stop" },
      { type: "pause" },
      { type: "resume" },
      { type: "trainOnCached" },
    )
    .map((press) => ({ kind: "press" as const, press })),
  fc.record({ kind: fc.constant("answer" as const), which: fc.nat(5), how: fc.nat(3) }),
  fc.record({ kind: fc.constant("answer" as const), which: fc.nat(5), how: fc.constant(0) }),
  fc.constantFrom(0.5, 0.7, 1).map((projCoeff) => ({ kind: "change" as const, projCoeff })),
  fc.constant({ kind: "event" as const }),
);

/** Everything that waits for a promise has gone on. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

const SEQUENCES = 2000;

test(`${SEQUENCES} sequences: at most one run trains, and whatever happened the page comes to rest and can train again`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(chance, { maxLength: 30 }), async (chances) => {
      const { store, run, train, answer, count, deliver, events, held } = world();
      for (const next of chances) {
        if (next.kind === "train") train(next.again);
        if (next.kind === "press") run.press(next.press);
        if (next.kind === "change") run.setControl({ projCoeff: next.projCoeff });
        if (next.kind === "answer" && count() > 0) answer(next.which, next.how);
        if (next.kind === "event") deliver();
        await settled();
      }
      run.press({ type: "stop" });
      for (let i = 0; count() + events() > 0; i++) {
        expect(i).toBeLessThan(100);
        if (count() > 0) answer(0, 0);
        else deliver();
        await settled();
      }
      expect(isActive(store.getState().run.phase), store.getState().run.phase).toBe(false);
      expect(run.isUnderWay()).toBe(false);
      expect(held.size).toBe(0);
      train(false);
      expect(run.isUnderWay()).toBe(true);
    }),
    { numRuns: SEQUENCES },
  );
}, 60_000);

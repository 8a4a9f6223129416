import { expect, test } from "vitest";
import type { ControlChange, Experiment } from "../../../common/config/experiment";
import { presetById } from "../../../common/config/presets";
import { createLiveChanges } from "./liveChanges";

const { alignment } = presetById("tiny").experiment;

/** A run that answers when it is told to, and a clock that is moved by hand. */
function given({ takes = true } = {}) {
  let inForce: Experiment["alignment"] | null = { ...alignment, projCoeff: 0.5, encoderDepth: 2 };
  let nowMs = 0;
  let timers: { readonly atMs: number; readonly run: () => void }[] = [];
  const sent: ControlChange[] = [];
  const answers: (() => void)[] = [];
  const putBack: string[] = [];
  const state = { wanted: {} as ControlChange, held: false };
  const live = createLiveChanges({
    inForce: () => inForce,
    send: (change) =>
      new Promise((resolve) => {
        sent.push(change);
        answers.push(() => {
          if (takes && inForce) inForce = { ...inForce, ...change } as Experiment["alignment"];
          resolve(takes);
        });
      }),
    onWanted: (wanted) => (state.wanted = wanted),
    putBack: (key) => putBack.push(key),
    isKeyHeld: () => state.held,
    after: (ms, run) => {
      const timer = { atMs: nowMs + ms, run };
      timers.push(timer);
      return () => (timers = timers.filter((other) => other !== timer));
    },
  });
  const pass = (ms: number) => {
    nowMs += ms;
    const due = timers.filter(({ atMs }) => atMs <= nowMs);
    timers = timers.filter((timer) => !due.includes(timer));
    for (const { run } of due) run();
  };
  const answer = async () => {
    answers.shift()?.();
    await Promise.resolve();
    await Promise.resolve();
  };
  return { live, sent, putBack, state, pass, answer, end: () => (inForce = null) };
}

test("a key held for fifteen moves is one change", () => {
  const { live, sent, state, pass } = given();
  state.held = true;
  live.want({ projCoeff: 0.55 });
  pass(660); // until a key repeats itself
  for (let i = 2; i <= 15; i++) {
    live.want({ projCoeff: 0.5 + i * 0.05 });
    pass(30);
  }
  state.held = false;
  expect(sent).toEqual([]);
  pass(400);
  expect(sent).toEqual([{ projCoeff: 1.25 }]);
});

test("what ends where it began, or at what is on its way already, is no change", async () => {
  const { live, sent, pass, answer } = given();
  live.want({ projCoeff: 0.9 });
  live.want({ projCoeff: 0.5 });
  pass(400);
  expect(sent).toEqual([]);
  live.want({ projCoeff: 0.9 });
  pass(400);
  live.want({ projCoeff: 0.9 });
  pass(400);
  await answer();
  live.want({ projCoeff: 0.9 });
  pass(400);
  expect(sent).toEqual([{ projCoeff: 0.9 }]);
});

test("back to the old value while the new one is on its way is a change", () => {
  const { live, sent, pass } = given();
  live.want({ projCoeff: 0.9 });
  pass(400);
  live.want({ projCoeff: 0.5 });
  pass(400);
  expect(sent).toEqual([{ projCoeff: 0.9 }, { projCoeff: 0.5 }]);
});

test("a press makes the change at once, and not again later", () => {
  const { live, sent, pass } = given();
  live.want({ encoderDepth: 3 });
  live.flush();
  pass(400);
  expect(sent).toEqual([{ encoderDepth: 3 }]);
});

test("settings moved together are sent one by one", () => {
  const { live, sent, pass } = given();
  live.want({ encoderDepth: 3 });
  live.want({ projCoeff: 0.9 });
  pass(400);
  expect(sent).toEqual([{ encoderDepth: 3 }, { projCoeff: 0.9 }]);
});

test("the form goes on showing what is not in force yet", async () => {
  const { live, state, pass, answer } = given();
  live.want({ projCoeff: 0.9 });
  expect(state.wanted).toEqual({ projCoeff: 0.9 });
  pass(400);
  live.want({ projCoeff: 1 });
  expect(state.wanted).toEqual({ projCoeff: 1 });
  await answer(); // of 0.9
  expect(state.wanted).toEqual({ projCoeff: 1 });
  pass(400);
  await answer();
  expect(state.wanted).toEqual({});
});

test("what was not taken is put back, unless the setting is moved again", async () => {
  const { live, putBack, pass, answer } = given({ takes: false });
  live.want({ projCoeff: 0.9 });
  pass(400);
  live.want({ projCoeff: 1 });
  await answer();
  expect(putBack).toEqual([]);
  pass(400);
  await answer();
  expect(putBack).toEqual(["projCoeff"]);
});

test("after the run's end nothing is sent", () => {
  const { live, sent, state, pass, end } = given();
  live.want({ projCoeff: 0.9 });
  end();
  pass(400);
  expect([sent, state.wanted]).toEqual([[], {}]);
});

import { describe, expect, test } from "vitest";
import { presetById } from "../../common/config/presets";
import { PHASES } from "../store/runPhase";
import { createStudioStore } from "../store/studioStore";
import { give, type CommandContext } from "./command";
import { commandByKey, COMMANDS, commandsAt } from "./commandList";
import { resume } from "./resume";
import { singleStep } from "./singleStep";
import { start } from "./start";
import { undoChange } from "./undoChange";

const { experiment } = presetById("tiny");

/** A page in a phase, and what commands did to its run. */
function pageIn(phase: (typeof PHASES)[number], underWay = false) {
  const store = createStudioStore(experiment, "tiny");
  if (phase !== "idle") {
    store.getState().beginRun({ runId: "a", name: "a run", experiment, timeline: [] });
    store.getState().setPhase(phase);
  }
  const done: string[] = [];
  const context: CommandContext = {
    store,
    run: {
      press: (press) => done.push(press),
      begin: (pauseAfter) => {
        done.push(`begin ${pauseAfter ?? ""}`.trim());
        store.getState().setPhase("caching");
      },
      resumeStored: (runId) => done.push(`resume ${runId}`),
      isUnderWay: () => underWay,
    },
    showView: (view) => store.getState().setView(view),
    saveCheckpoint: () => done.push("save"),
    undoChange: () => done.push("undo"),
  };
  return { store, context, done };
}

test("every command has a name of its own, a key of its own, and says what it does", () => {
  const ids = COMMANDS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const keys = COMMANDS.flatMap(({ shortcut }) => shortcut ?? []);
  expect(new Set(keys).size).toBe(keys.length);
  for (const { id, label, about } of COMMANDS) {
    expect([id, label, about].every((text) => text.length > 0)).toBe(true);
  }
});

test("a key finds its command; Shift counts with keys that have a name", () => {
  expect(commandByKey({ key: "ArrowLeft", shiftKey: true })?.id).toBe("tenBack");
  expect(commandByKey({ key: "ArrowLeft", shiftKey: false })?.id).toBe("previousStep");
  expect(commandByKey({ key: "?", shiftKey: true })?.id).toBe("showShortcuts");
  expect(commandByKey({ key: "x", shiftKey: false })).toBeUndefined();
  expect(commandByKey({ key: "z", shiftKey: false, metaKey: true })?.id).toBe("undoChange");
  expect(commandByKey({ key: " ", shiftKey: false, ctrlKey: true })).toBeUndefined();
});

test("undo takes back the newest live change of the shown run, once it is in force", () => {
  const { context, done, store } = pageIn("training");
  give(undoChange, context);
  expect(done).toEqual([]);
  store.getState().recordChange({ runId: "a", entry: { step: 3, change: { projCoeff: 1 } } });
  store.getState().wantControl({ projCoeff: 2 });
  give(undoChange, context);
  expect(done).toEqual([]);
  store.getState().wantControl({});
  give(undoChange, context);
  expect(done).toEqual(["undo"]);
});

describe.each(PHASES)("in phase %s", (phase) => {
  test("every command says whether it is offered, and a disabled one why", () => {
    const state = pageIn(phase).store.getState();
    for (const { id, offered, offeredByKey, tip, look } of COMMANDS) {
      for (const offer of [offered(state), offeredByKey?.(state) ?? "hidden"]) {
        if (typeof offer === "string") expect(["offered", "hidden"]).toContain(offer);
        else expect(offer.disabled, id).not.toBe("");
      }
      tip?.(state);
      look?.(state);
    }
  });

  test("one thing is to be done next, but while it is being cached", () => {
    const state = pageIn(phase).store.getState();
    const next = commandsAt("next").filter(({ offered }) => offered(state) !== "hidden");
    expect(next.length > 0).toBe(phase !== "caching");
  });

  test("every command can be given twice", () => {
    for (const command of COMMANDS) {
      const { context } = pageIn(phase);
      give(command, context);
      give(command, context);
    }
  });
});

test("Train pressed twice begins one run, and Step without one begins a run of one step", () => {
  const { context, done } = pageIn("idle");
  give(start, context);
  give(start, context);
  expect(done).toEqual(["begin"]);
  const fresh = pageIn("idle");
  give(singleStep, fresh.context);
  expect(fresh.done).toEqual(["begin 1"]);
});

test("Resume goes to the run under way, else to the stored one", () => {
  const paused = pageIn("paused", true);
  give(resume, paused.context);
  expect(paused.done).toEqual(["resume"]);
  const stopped = pageIn("stopped");
  give(resume, stopped.context);
  expect(stopped.done).toEqual(["resume a"]);
});

import { expect, test } from "vitest";
import type { ControlChange, TimelineEntry } from "../../common/config/experiment";
import { presetById } from "../../common/config/presets";
import { StudioError } from "../../common/errors/studioError";
import type { RunEvent } from "../../common/protocol/trainer";
import { createActiveRun } from "./activeRun";

const { experiment } = presetById("tiny");
const { projCoeff } = experiment.alignment;

/** A run that has taken `taken` steps; storing its timeline may fail. */
function runAt(taken: number, { timeline = [] as TimelineEntry[], full = false } = {}) {
  const events: RunEvent[] = [];
  const stored: (readonly TimelineEntry[])[] = [];
  /** Lengths of the timeline when the state was kept. */
  const kept: number[] = [];
  const active = createActiveRun(
    {
      experiment,
      timeline,
      shape: { depth: 4 },
      model: { step: () => taken },
      data: { features: () => Promise.reject(new Error("no features here")) },
      reader: { drain: () => Promise.resolve() },
      journal: { emit: (event) => events.push(event) },
    },
    {
      keepForkPoint: () => {
        kept.push(timeline.length);
        return Promise.resolve();
      },
      storeTimeline: (next) => {
        if (full)
          return Promise.reject(new StudioError("STORAGE_FAILED", "No room.", "Delete runs."));
        stored.push(next);
        return Promise.resolve();
      },
      encode: () => Promise.resolve(new ArrayBuffer(0)),
    },
  );
  return { active, timeline, events, stored, kept };
}

test("a change holds from the next step, is stored and is said", async () => {
  const { active, timeline, events, stored } = runAt(7);
  const entry = { step: 8, change: { projCoeff: 0.9 } };
  expect(await active.setControl(entry.change)).toEqual(entry);
  expect([timeline, stored.at(-1), events]).toEqual([
    [entry],
    [entry],
    [{ type: "control", entry }],
  ]);
});

test("the state is kept before a change is, and not for a change that is none", async () => {
  const { active, kept } = runAt(7);
  await active.setControl({ projCoeff });
  await active.setControl({ projCoeff: 0.9 });
  await active.setControl({ encoderDepth: 3 });
  expect(kept).toEqual([0, 1]);
});

test("a change to what is in force already leaves no entry, and of another only what differs", async () => {
  const { active, timeline, events, stored } = runAt(7);
  expect(await active.setControl({ projCoeff })).toBeNull();
  expect([timeline, stored, events]).toEqual([[], [], []]);
  const change: ControlChange = { projCoeff, encoderDepth: 3 };
  expect(await active.setControl(change)).toEqual({ step: 8, change: { encoderDepth: 3 } });
});

test("a change that could not be stored is not in force", async () => {
  const { active, timeline, events } = runAt(7, { full: true });
  await expect(active.setControl({ projCoeff: 0.9 })).rejects.toMatchObject({
    code: "STORAGE_FAILED",
  });
  expect([timeline, events]).toEqual([[], []]);
});

test("a change before entries that are still to be replayed keeps the order", async () => {
  const later = { step: 12, change: { encoderDepth: 1 } };
  const { active, timeline } = runAt(7, { timeline: [later] });
  await active.setControl({ projCoeff: 0.9 });
  expect(timeline.map(({ step }) => step)).toEqual([8, 12]);
});

test("a block that the model lacks is refused", async () => {
  const { active, timeline } = runAt(7);
  await expect(active.setControl({ encoderDepth: 5 })).rejects.toMatchObject({
    code: "OUT_OF_RANGE",
  });
  expect(timeline).toEqual([]);
});

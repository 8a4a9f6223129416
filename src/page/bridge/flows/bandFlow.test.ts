import { readFile } from "node:fs/promises";
import { expect, test, vi } from "vitest";
import { presetById } from "../../../common/config/presets";
import { createStudioStore } from "../../store/studioStore";
import { watchBand } from "./bandFlow";

const fromDisk = (name: string) =>
  readFile(`public/${name}`).then((bytes) => new Uint8Array(bytes));

function watched(read = fromDisk) {
  const preset = presetById("first-minute").experiment;
  const store = createStudioStore(preset);
  const report = vi.fn();
  watchBand(store, read, report);
  const begin = (experiment = preset) =>
    store.getState().beginRun({ runId: "a", name: "", experiment, timeline: [] });
  return { store, report, begin };
}

test("a run of a measured preset gets its band, and one of no preset loses it", async () => {
  const { store, begin } = watched();
  begin();
  await vi.waitFor(() => expect(store.getState().band?.preset).toBe("first-minute"));
  begin(presetById("tiny").experiment);
  expect(store.getState().band).toBeNull();
});

test("a band that arrives after the run has changed is not shown", async () => {
  const waiting: (() => void)[] = [];
  const { store, begin } = watched(async (name) => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return fromDisk(name);
  });
  begin();
  begin(presetById("tiny").experiment);
  waiting.forEach((deliver) => deliver());
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(store.getState().band).toBeNull();
});

test("a file that is no band is reported", async () => {
  const { store, report, begin } = watched(() => Promise.resolve(new TextEncoder().encode("{}")));
  begin();
  await vi.waitFor(() => expect(report).toHaveBeenCalledOnce());
  expect(store.getState().band).toBeNull();
});

import { expect, test } from "vitest";
import { Experiment } from "../../../common/config/experiment";
import type { CacheEvent, FeaturesApi } from "../../../common/protocol/features";
import type { RunEvent } from "../../../common/protocol/trainer";
import { createStudioStore } from "../../store/studioStore";
import { underWay } from "../../store/underWay";
import type { WorkerClient } from "../workers/workerClient";
import { createCaching } from "./caching";

const ready = { train: 9, heldOut: 0 };
const counts = { done: 9, total: 9, ready, imagesPerSecond: 3 };
const PROGRESS: CacheEvent = { type: "progress", label: "Latents", ...counts };

/** Caching in a worker that has answered, and a way to let it speak after that. */
async function filled() {
  const experiment = Experiment.parse({});
  const store = createStudioStore(experiment);
  let speak: ((event: CacheEvent) => void) | undefined;
  const api = {
    prepare: (_: unknown, onEvent: (event: CacheEvent) => void) => {
      speak = onEvent;
      onEvent(PROGRESS);
      expect(underWay(store.getState())).toEqual(["caches"]);
      return Promise.resolve({ ok: true as const, value: null });
    },
  } satisfies Partial<FeaturesApi>;
  // what Comlink would hand to a call, without the worker behind it
  const remote = api as unknown as Parameters<Parameters<WorkerClient<FeaturesApi>["call"]>[0]>[0];
  const features: WorkerClient<FeaturesApi> = {
    call: (use) => use(remote),
    tell: (use) => use(remote).then(() => ({ ok: true, value: null })),
    gone: new Promise(() => undefined),
    terminate: () => undefined,
  };
  const workers = { features, terminate: () => undefined };
  const pool = { running: () => workers, current: () => workers, end: () => undefined };
  const warnings: RunEvent[] = [];
  const caching = createCaching(
    store,
    pool,
    { ensureWeights: () => Promise.resolve("ready") },
    "wasm",
    (event) => warnings.push(event),
  );
  await caching.fill(experiment, { encoders: [] });
  return { store, warnings, speak: (event: CacheEvent) => speak?.(event) };
}

test("progress that arrives after the answer does not leave the caches under way", async () => {
  const { store, speak } = await filled();
  expect(underWay(store.getState())).toEqual([]);
  speak(PROGRESS);
  expect(underWay(store.getState())).toEqual([]);
});

test("a repaired shard and a warning are told whenever they come", async () => {
  const { store, speak, warnings } = await filled();
  speak({ type: "repaired", label: "Latents", shard: 1 });
  expect(store.getState().data.repairedShards).toBe(1);
  const failure = { code: "DOWNLOAD_FAILED", message: "full", hint: "free some" } as const;
  speak({ type: "warning", failure });
  expect(warnings).toHaveLength(1);
});

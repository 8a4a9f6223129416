import { expect, test } from "vitest";
import { hubFileKey, type HubFile } from "../../../common/catalogue/hubFile";
import { Experiment } from "../../../common/config/experiment";
import type { FeaturesApi } from "../../../common/protocol/features";
import type { Outcome } from "../../../common/protocol/shared";
import type { WeightsNeeded, WeightsSummary } from "../../../common/protocol/weights";
import { createStudioStore } from "../../store/studioStore";
import { createWeightsFlow } from "./weightsFlow";
import type { WorkerClient } from "../workers/workerClient";

const licence = { name: "MIT", nonCommercial: false };
const needed = (repo: string): WeightsNeeded => ({
  label: repo,
  files: [{ repo, revision: "main", file: "model.safetensors", bytes: 10, licence }],
  keptBytes: 0,
});
const CANCELLED = { code: "CANCELLED", message: "cancelled", hint: "again" } as const;
const CUT = { code: "DOWNLOAD_FAILED", message: "cut", hint: "again" } as const;

const summaryOf = (file: HubFile): WeightsSummary => ({
  key: hubFileKey(file),
  repo: file.repo,
  file: file.file,
  commit: "c",
  bytes: file.bytes,
  complete: true,
  precision: "stored",
  rounding: null,
  verified: true,
  licence,
});

/** A worker whose downloads end when the test says how. */
function scripted() {
  const store = createStudioStore(Experiment.parse({}));
  const stored: WeightsSummary[] = [];
  const asked: string[] = [];
  const ends: ((outcome: "here" | Outcome<never>) => void)[] = [];
  let cancels = 0;
  const fetchOne = async (file: HubFile): Promise<Outcome<WeightsSummary>> => {
    asked.push(file.repo);
    const end = await new Promise<"here" | Outcome<never>>((resolve) => ends.push(resolve));
    if (end !== "here") return end;
    stored.push(summaryOf(file));
    return { ok: true, value: summaryOf(file) };
  };
  const api = {
    downloadWeights: fetchOne,
    importWeights: fetchOne,
    cancelDownload: () => {
      cancels += 1;
      return Promise.resolve();
    },
    storedWeights: () => Promise.resolve({ ok: true as const, value: [...stored] }),
  } satisfies Partial<FeaturesApi>;
  // what Comlink would hand to a call, without the worker behind it
  const remote = api as unknown as Parameters<Parameters<WorkerClient<FeaturesApi>["call"]>[0]>[0];
  const features: Pick<WorkerClient<FeaturesApi>, "call" | "tell"> = {
    call: (use) => use(remote),
    tell: (use) => use(remote).then(() => ({ ok: true, value: null })),
  };
  const running = () => ({ features });
  const flow = createWeightsFlow(store, { running, current: running, end: () => undefined });
  const settle = () => new Promise((resolve) => setTimeout(resolve, 0));
  const end = async (outcome: "here" | Outcome<never>) => {
    ends.shift()?.(outcome);
    await settle();
  };
  return { store, flow, stored, asked, end, settle, cancels: () => cancels };
}

test("nothing is fetched before it is confirmed; then one after the other, and what waited goes on", async () => {
  const { store, flow, asked, end, settle } = scripted();
  const decision = flow.ensureWeights([needed("o/a"), needed("o/b")], "train");
  await settle();
  expect(store.getState().weights.ask?.purpose).toBe("train");
  expect(asked).toEqual([]);
  flow.confirm();
  await end("here");
  expect(asked).toEqual(["o/a", "o/b"]);
  await end("here");
  await expect(decision).resolves.toBe("ready");
  expect(store.getState().weights).toMatchObject({ ask: null, stored: [{}, {}] });
});

test("nothing needed is no question", async () => {
  const { store, flow } = scripted();
  await expect(flow.ensureWeights([], "train")).resolves.toBe("ready");
  expect(store.getState().weights.ask).toBeNull();
});

test("after a failure the same question stands, and trying again fetches only what is missing", async () => {
  const { store, flow, stored, asked, end, settle } = scripted();
  const decision = flow.ensureWeights([needed("o/a"), needed("o/b")], "train");
  await settle();
  flow.confirm();
  await end("here");
  const part = { bytes: 4, complete: false };
  stored.push(...needed("o/b").files.map((file) => ({ ...summaryOf(file), ...part })));
  await end({ ok: false, failure: CUT });
  expect(store.getState().weights.ask).toMatchObject({
    stage: "failed",
    failure: CUT,
    items: [{ status: "here" }, { status: "missing", doneBytes: 4, allBytes: 10 }],
  });
  flow.confirm();
  await end("here");
  expect(asked).toEqual(["o/a", "o/b", "o/b"]);
  await expect(decision).resolves.toBe("ready");
});

test("cancelling a download asks again; declining ends it and gives up what waited", async () => {
  const { store, flow, end, settle, cancels } = scripted();
  const decision = flow.ensureWeights([needed("o/a")], "train");
  await settle();
  flow.confirm();
  flow.interrupt();
  await end({ ok: false, failure: CANCELLED });
  expect(store.getState().weights.ask?.stage).toBe("asking");
  flow.confirm();
  flow.decline();
  await expect(decision).resolves.toBe("declined");
  await end({ ok: false, failure: CANCELLED });
  expect(cancels()).toBe(2);
  expect(store.getState().weights.ask).toBeNull();
});

test("a file of the user's own stands in for one download", async () => {
  const { store, flow, asked, end, settle } = scripted();
  const decision = flow.ensureWeights([needed("o/a"), needed("o/b")], "train");
  await settle();
  flow.importFile(1, new File(["x"], "b.safetensors"));
  await end("here");
  expect(asked).toEqual(["o/b"]);
  expect(store.getState().weights.ask).toMatchObject({ stage: "asking" });
  flow.confirm();
  await end("here");
  expect(asked).toEqual(["o/b", "o/a"]);
  await expect(decision).resolves.toBe("ready");
});

test("a second request waits for the first and is not asked for what that brought", async () => {
  const { store, flow, end, settle } = scripted();
  const first = flow.ensureWeights([needed("o/a")], "train");
  await settle();
  flow.confirm();
  store.getState().showWeights(false);
  const second = flow.ensureWeights([needed("o/a")], "switch the encoder");
  expect(store.getState().weights.ask?.hidden).toBe(false);
  await end("here");
  await expect(first).resolves.toBe("ready");
  await expect(second).resolves.toBe("ready");
  expect(store.getState().weights.ask).toBeNull();
});

test("a file that nobody offers is never asked of the hub: the others are fetched, and it is waited for", async () => {
  const { store, flow, asked, end, settle } = scripted();
  const [file] = needed("o/hand").files as [HubFile];
  const byHand: WeightsNeeded = { ...needed("o/hand"), files: [{ ...file, byHand: "make it" }] };
  const decision = flow.ensureWeights([byHand, needed("o/a")], "train");
  await settle();
  flow.confirm();
  await end("here");
  expect(asked).toEqual(["o/a"]);
  expect(store.getState().weights.ask).toMatchObject({
    stage: "asking",
    items: [{ status: "missing" }, { status: "here" }],
  });
  flow.importFile(0, new File(["x"], "made.safetensors"));
  await end("here");
  expect(asked).toEqual(["o/a", "o/hand"]);
  await expect(decision).resolves.toBe("ready");
});

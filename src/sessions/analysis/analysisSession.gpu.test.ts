import * as tf from "@tensorflow/tfjs-core";
import { expose } from "comlink";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Experiment } from "../../common/config/experiment";
import { browserCodec } from "../../sources/data/browserCodec";
import { fetchFile } from "../../common/formats/fetchFile";
import { StudioError } from "../../common/errors/studioError";
import { HUGGING_FACE } from "../../sources/hub/hosts";
import { pause } from "../../sources/hub/pause";
import type {
  AnalysisApi,
  AnalysisEvent,
  AnalysisPlan,
  StoredAnalysis,
} from "../../common/protocol/analysis";
import type { DeviceReport } from "../../common/protocol/shared";
import { listAnalyses } from "../../common/storage/analyses";
import type { Database } from "../../common/storage/db";
import { putCheckpoint, readCheckpointOf } from "../../common/storage/checkpoints";
import { sha256Hex } from "../../common/formats/sha256";
import { openStudioDb } from "../../common/storage/openDb";
import { readRun } from "../../common/storage/runs";
import { createAnalysisSession } from "./analysisSession";
import { createCachesSession } from "../caches/cachesSession";
import type { SessionEnvironment } from "../common/environment";
import { createMetricsSession } from "../metrics/metricsSession";
import { createTrainerSession } from "../run/trainerSession";
import { valueOf } from "../../../test/valueOf";

/** A real run of two steps on real storage; then what an analysis of its checkpoint finds. */

const STEPS = 2;
const RUN = "run";
const EXPERIMENT = Experiment.parse({
  data: { imageLimit: 40, holdOutFraction: 0.01 },
  autoencoder: { id: "pixels" },
  model: { size: "custom", width: 16, depth: 2, heads: 2, patchSize: 8 },
  alignment: { encoders: ["patch-histogram"], encoderDepth: 1, projectorWidth: 8 },
  optimizer: { batchSize: 4, steps: STEPS, learningRate: 0.01, emaDecay: 0.5 },
  sampling: { solver: "euler", steps: 2, gridSize: 1 },
  evaluation: { metricsEvery: STEPS, sampleCount: 12, heldOutCount: 24, cknnaK: 3 },
});
const { cknnaTime, cknnaK, heldOutCount, sampleCount } = EXPERIMENT.evaluation;
const PLAN: AnalysisPlan = {
  times: [cknnaTime, 0.2],
  encoders: ["patch-histogram", "tiny-vit"],
  alignmentCount: heldOutCount,
  k: cknnaK,
  probe: { trainCount: 30, epochs: 3 },
  samples: { space: "tiny-vit", count: sampleCount },
  mapImages: 2,
  seed: EXPERIMENT.optimizer.seed,
};
const ALIGNMENT_ALONE: AnalysisPlan = {
  ...PLAN,
  times: [cknnaTime],
  encoders: ["patch-histogram"],
  probe: null,
  samples: null,
  mapImages: 0,
};
const DEVICE: DeviceReport = { backend: "webgpu", adapter: "test", slow: true, float16: false };

const name = `test-${crypto.randomUUID()}`;
let db: Database;
const turn = () => pause(0);
const environment: SessionEnvironment = {
  startRuntime: () => Promise.resolve(DEVICE),
  openDatabase: () => openStudioDb(name),
  openWeights: () => Promise.reject(new Error("no published weights here")),
  readDataFile: fetchFile("/emoji/"),
  readModelFile: fetchFile("/models/"),
  imageCodec: browserCodec,
  hub: {
    places: HUGGING_FACE,
    fetch: () => Promise.reject(new Error("no network here")),
    sleep: () => Promise.resolve(),
    silence: (signal) => pause(60_000, signal),
    nowMs: () => 0,
  },
  nowMs: () => Date.now(),
  clockMs: () => performance.now(),
  turn,
  wait: pause,
  codeVersion: "test",
};

/** A line to a metrics session of its own, as the metrics worker gives it. */
function metricsLine(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  expose(createMetricsSession({ clockMs: () => performance.now(), turn }), port1);
  return port2;
}

async function sessionWithMetrics(use = environment): Promise<AnalysisApi> {
  const session = createAnalysisSession(use);
  await session.connectMetrics(metricsLine());
  return session;
}

let events: AnalysisEvent[];
const subjects = [{ kind: "run", runId: RUN, step: STEPS }] as const;
const analyse = (
  session: AnalysisApi,
  plan: AnalysisPlan,
  about: Parameters<AnalysisApi["analyse"]>[0]["subjects"] = subjects,
) => session.analyse({ subjects: about, plan, backend: "webgpu" }, (event) => events.push(event));
const results = (): StoredAnalysis[] =>
  events.flatMap((event) => (event.type === "result" ? [event.stored] : []));
const resultOf = <K extends StoredAnalysis["found"]["result"]["kind"]>(kind: K) => {
  const found = results().map(({ found: { result } }) => result);
  return found.filter((result) => result.kind === kind) as Extract<
    StoredAnalysis["found"]["result"],
    { readonly kind: K }
  >[];
};
const warnings = () => events.flatMap((event) => (event.type === "warning" ? [event.failure] : []));

beforeAll(async () => {
  db = await openStudioDb(name);
  const { data, autoencoder } = EXPERIMENT;
  const encoders = ["patch-histogram", "tiny-vit"] as const;
  const request = { data, autoencoder, grid: 8, encoders, backend: "webgpu" } as const;
  valueOf(await createCachesSession(environment).prepare(request, () => undefined));
  const trainer = createTrainerSession(environment);
  await trainer.connectMetrics(metricsLine());
  const run = { runId: RUN, name: "Two steps", experiment: EXPERIMENT, timeline: [] };
  valueOf(await trainer.start({ ...run, backend: "webgpu" }, () => undefined));
}, 240_000);
afterAll(() => {
  db.close();
  indexedDB.deleteDatabase(name);
});
beforeEach(() => {
  events = [];
});

test("an analysis finds everything its plan says, the run's own figures among it, and leaks nothing", async () => {
  const before = tf.memory().numTensors;
  valueOf(await analyse(await sessionWithMetrics(), PLAN));
  expect(tf.memory().numTensors).toBe(before);

  const logged = (await readRun(db, RUN))?.measurements ?? [];
  const own = logged.find((measurement) => measurement.kind === "layerAlignment");
  const [first] = resultOf("alignment");
  expect(own && { ...own, kind: "alignment", step: undefined }).toEqual({
    ...first,
    step: undefined,
  });
  const quality = logged.find((measurement) => measurement.kind === "sampleQuality");
  const [samples] = resultOf("samples");
  expect(quality && { ...samples, ...quality }).toEqual({
    ...samples,
    ...{ kind: "sampleQuality", step: STEPS, space: "tiny-vit, token mean" },
  });

  expect(
    results()
      .map(({ found: { result } }) => result.kind)
      .toSorted(),
  ).toEqual(
    [
      ...["alignment", "alignment", "alignment", "alignment", "encoderAlignment"],
      ...["encoderProbe", "encoderProbe", "maps", "maps", "probe", "probe", "samples"],
    ].toSorted(),
  );
  const [probe] = resultOf("probe");
  expect(probe).toMatchObject({
    time: cknnaTime,
    trainCount: 30,
    testCount: 38,
    classCount: 9,
    knnK: 20,
  });
  expect(probe?.layers).toHaveLength(2);
  const [maps] = resultOf("maps");
  expect(maps?.images).toMatchObject({ side: 64 });
  expect(maps?.images.rgb).toHaveLength(2 * 64 * 64 * 3);
  expect(maps?.layers.map(({ maps: { side, rgb } }) => [side, rgb.length])).toEqual([
    [8, 2 * 64 * 3],
    [8, 2 * 64 * 3],
  ]);
  const last = events.findLast((event) => event.type === "progress");
  expect(last).toMatchObject({ done: 12, all: 12 });
  expect(events[0]).toEqual({ type: "device", device: DEVICE });
  expect(await listAnalyses(db)).toHaveLength(12);
});

test("what is stored is sent and not computed again", async () => {
  const stored = await listAnalyses(db);
  // without a line to the metrics worker nothing could be computed
  valueOf(await analyse(createAnalysisSession(environment), PLAN));
  const byKey = (a: StoredAnalysis, b: StoredAnalysis) => a.key.localeCompare(b.key);
  expect(results().sort(byKey)).toEqual(stored.sort(byKey));
});

test("a cancel ends it, what was measured stays, and nothing leaks", async () => {
  const before = tf.memory().numTensors;
  const kept = (await listAnalyses(db)).length;
  const session = await sessionWithMetrics();
  const plan = { ...PLAN, times: [0.8], seed: 5 };
  const ended = session.analyse({ subjects, plan, backend: "webgpu" }, (event) => {
    events.push(event);
    if (event.type === "result") void session.cancel();
  });
  expect(await ended).toMatchObject({ ok: false, failure: { code: "CANCELLED" } });
  expect(results()).toHaveLength(1);
  expect(await listAnalyses(db)).toHaveLength(kept + 1);
  expect(tf.memory().numTensors).toBe(before);
});

test("an opened file gives its run's numbers; a damaged one is refused", async () => {
  const record = await readCheckpointOf(db, RUN, STEPS);
  const session = await sessionWithMetrics();
  const opened = valueOf(
    await session.openCheckpoint("mine.safetensors", record.bytes.slice(0), EXPERIMENT),
  );
  expect(opened).toMatchObject({
    fileId: await sha256Hex(record.bytes),
    step: STEPS,
    experiment: EXPERIMENT,
  });
  const file = [{ kind: "file", fileId: opened.fileId }] as const;
  valueOf(await analyse(session, ALIGNMENT_ALONE, file));
  const logged = (await readRun(db, RUN))?.measurements ?? [];
  const own = logged.find((measurement) => measurement.kind === "layerAlignment");
  expect(resultOf("alignment")[0]?.cknna).toEqual(own?.cknna);

  await session.closeCheckpoint(opened.fileId);
  const closed = await analyse(session, ALIGNMENT_ALONE, file);
  expect(closed).toMatchObject({ ok: false, failure: { code: "BAD_CHECKPOINT" } });
  const cut = await session.openCheckpoint("cut", record.bytes.slice(0, -8), EXPERIMENT);
  expect(cut).toMatchObject({ ok: false, failure: { code: "BAD_SAFETENSORS" } });

  const damaged = record.bytes.slice(0);
  const bytes = new Uint8Array(damaged);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  await putCheckpoint(db, RUN, 99, record.bytes, { nowMs: 1 });
  await db.put("stateParts", { runId: RUN, step: 99, part: 0, bytes: damaged });
  const refused = await analyse(session, PLAN, [{ kind: "run", runId: RUN, step: 99 }]);
  expect(refused).toMatchObject({ ok: false, failure: { code: "CHECKSUM_MISMATCH" } });
});

test("a missing cache is named before anything is computed, that of a space too", async () => {
  const session = await sessionWithMetrics();
  const missing = await analyse(session, { ...ALIGNMENT_ALONE, encoders: ["tiny-vit-untrained"] });
  expect(missing).toMatchObject({ ok: false, failure: { code: "CACHE_MISSING" } });
  expect(missing.ok ? "" : missing.failure.message).toContain("tiny-vit-untrained");
  expect(results()).toEqual([]);

  const samples = { space: "inception-v3", count: 12 } as const;
  const space = await analyse(session, { ...ALIGNMENT_ALONE, samples });
  expect(space).toMatchObject({ ok: false, failure: { code: "CACHE_MISSING" } });
  expect(space.ok ? "" : space.failure.message).toContain("inception-v3");
});

test("what cannot be measured is left out with a warning, and the rest goes on", async () => {
  const session = await sessionWithMetrics();
  valueOf(await analyse(session, { ...ALIGNMENT_ALONE, k: 100, mapImages: 1 }));
  expect(warnings()).toMatchObject([{ code: "OUT_OF_RANGE" }]);
  expect(resultOf("alignment")).toEqual([]);
  expect(resultOf("maps")).toHaveLength(1);
});

test("a lost device ends it with DEVICE_LOST; asked again it is measured", async () => {
  let loses = true;
  const session = await sessionWithMetrics({
    ...environment,
    startRuntime: (_, onLost) => {
      if (loses) onLost(new StudioError("DEVICE_LOST", "The GPU device was lost.", "Ask again."));
      return Promise.resolve(DEVICE);
    },
  });
  const plan = { ...ALIGNMENT_ALONE, times: [0.9] };
  const lost = await analyse(session, plan);
  expect(lost).toMatchObject({ ok: false, failure: { code: "DEVICE_LOST" } });
  loses = false;
  valueOf(await analyse(session, plan));
  expect(resultOf("alignment")).toHaveLength(1);
});

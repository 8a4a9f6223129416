import { expect, test, vi } from "vitest";
import { Experiment } from "../../../common/config/experiment";
import type { Failure } from "../../../common/errors/studioError";
import { createStudioStore } from "../../store/studioStore";
import type { AnalysisWorkers, WorkerPool } from "../workers/workers";
import { createAnalysisFlow } from "./analysisFlow";

const FAILED: Failure = { code: "WORKER_FAILED", message: "It was ended.", hint: "Try again." };

/** Analysis workers that measure until they are ended; `hears` says whether they hear a cancel. */
function workers(hears: boolean) {
  let fail: (outcome: { ok: false; failure: Failure }) => void = () => undefined;
  const silent = new Promise<never>(() => undefined);
  const analysis = {
    call: () => new Promise((resolve) => (fail = resolve)),
    tell: () => (hears ? Promise.resolve({ ok: true, value: null }) : silent),
    terminate: () => undefined,
  };
  const end = vi.fn(() => fail({ ok: false, failure: FAILED }));
  const both = { analysis, terminate: end } as unknown as AnalysisWorkers;
  const running = () => both;
  return { running, current: running, end } satisfies WorkerPool<AnalysisWorkers>;
}

/** An analysis of nothing that is being measured. */
async function measuring(hears: boolean) {
  const store = createStudioStore(Experiment.parse({}));
  const pool = workers(hears);
  const filling = {
    costEstimateOf: nothing,
    cache: () => Promise.resolve(undefined),
    stopCaching: () => undefined,
  };
  const experiment = Experiment.parse({});
  const run = {
    name: "A",
    experiment,
    timeline: [],
    createdAtMs: 1,
    datasetHash: "",
    device: null,
  };
  const steps = { checkpointSteps: [5], gridSteps: [], measurements: [] };
  store.getState().setAnalysed([{ id: "a", phase: "finished", ...run, ...steps }], []);
  store.getState().toggleSubject({ kind: "run", runId: "a", step: 5 });
  const flow = createAnalysisFlow(store, pool, filling, "cpu", 20);
  void flow.analyse();
  await vi.waitFor(() => expect(store.getState().analysis.job.status).toBe("running"));
  return { store, pool, flow };
}

/** An estimate that lacks nothing. */
const nothing = () =>
  Promise.resolve({ ok: true as const, value: { images: 1, weights: [], items: [] } });

test("a worker that does not hear a cancel is ended, and the analysis with it", async () => {
  const { store, pool, flow } = await measuring(false);
  flow.cancel();
  expect(store.getState().analysis.job.status).toBe("cancelling");
  await vi.waitFor(() => expect(pool.end).toHaveBeenCalled());
  await vi.waitFor(() => expect(store.getState().analysis.job.status).toBe("failed"));
});

test("one that hears it ends in its own time", async () => {
  const { pool, flow } = await measuring(true);
  flow.cancel();
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(pool.end).not.toHaveBeenCalled();
});

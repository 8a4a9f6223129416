import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expose } from "comlink";
import { afterAll, beforeAll } from "vitest";
import type { Experiment } from "../../src/common/config/experiment";
import type { RunEvent, StartRequest, TrainerApi } from "../../src/common/protocol/trainer";
import type { Outcome } from "../../src/common/protocol/shared";
import type { Database } from "../../src/common/storage/db";
import { openStudioDb } from "../../src/common/storage/openDb";
import type { SessionEnvironment } from "../../src/sessions/common/environment";
import { createFeaturesSession } from "../../src/sessions/features/featuresSession";
import { createMetricsSession } from "../../src/sessions/metrics/metricsSession";
import { createTrainerSession } from "../../src/sessions/run/trainerSession";
import { ROOT } from "../setup.mjs";
import { valueOf } from "../../test/valueOf";
import { cacheRequest } from "./cachesFirst";
import { nodeEnvironment } from "./environment";
import { checkoutPlaces } from "./places";
import { openState, type NodeState } from "./state";
import { nextTurn } from "./turn";

type Request = Omit<StartRequest, "name">;

/** The real sessions over a database of their own, for the tests of one file. */
export interface StoredStudio {
  readonly environment: SessionEnvironment;
  readonly db: () => Database;
  /** Fills the caches that an experiment reads; `ranges` of its images alone, where given. */
  readonly fill: (
    experiment: Experiment,
    backend: Request["backend"],
    ranges?: ReturnType<typeof cacheRequest>["ranges"],
  ) => Promise<void>;
  /** Trains until the run ends. `onEvent` is given the trainer, so that a test can stop or steer it. */
  readonly train: (
    request: Request,
    onEvent?: (event: RunEvent, trainer: TrainerApi) => void,
  ) => Promise<Outcome<null>>;
}

/** @param change parts of the environment that a file has otherwise, such as its clock */
export function useStoredStudio(change: Partial<SessionEnvironment> = {}): StoredStudio {
  const environment = { ...nodeEnvironment(checkoutPlaces(ROOT, "default")), ...change };
  let folder: string;
  let state: NodeState;
  let db: Database;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "stored-studio-"));
    state = await openState(folder);
    db = await openStudioDb();
  });
  afterAll(() => {
    db.close();
    state.close();
    rmSync(folder, { recursive: true });
  });
  return {
    environment,
    db: () => db,
    fill: async (experiment, backend, ranges) => {
      const request = { ...cacheRequest(experiment, [], backend), ...(ranges && { ranges }) };
      valueOf(await createFeaturesSession(environment).prepare(request, () => undefined));
    },
    train: async (request, onEvent = () => undefined) => {
      const { port1, port2 } = new MessageChannel();
      const { clockMs } = environment;
      expose(createMetricsSession({ clockMs, turn: nextTurn }), port1);
      const trainer = createTrainerSession(environment);
      await trainer.connectMetrics(port2);
      const named = { ...request, name: "A run" };
      const outcome = await trainer.start(named, (event) => onEvent(event, trainer));
      port1.close();
      return outcome;
    },
  };
}

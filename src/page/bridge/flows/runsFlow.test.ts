import "fake-indexeddb/auto";
import { expect, test, vi } from "vitest";
import { presetById } from "../../../common/config/presets";
import { openStudioDb } from "../../../common/storage/openDb";
import { appendSteps } from "../../../common/storage/runs";
import type { StoredRun } from "../../store/dataSlice";
import { createStudioStore } from "../../store/studioStore";
import { createRunsFlow } from "./runsFlow";

const { experiment } = presetById("tiny");

test("read are the curves of drawn runs and of those that forks among them begin in, no others", async () => {
  const db = await openStudioDb("runs-flow");
  const store = createStudioStore(experiment);
  const flow = createRunsFlow({
    store,
    withDatabase: (work) => work(db),
    report: (thrown) => {
      throw thrown;
    },
  });
  const run = (id: string, shown: boolean, parentId?: string) =>
    ({
      ...{ id, updatedAtMs: 1, look: { color: 0, shown } },
      parent: parentId === undefined ? null : { runId: parentId, step: 1 },
    }) as StoredRun;
  const point = { step: 1, velocityLoss: 1, projLoss: 0, gradNorm: 1, stepMs: 1 };
  for (const id of ["parent", "fork", "other"]) await appendSteps(db, id, [point]);
  store
    .getState()
    .setRuns([run("fork", true, "parent"), run("parent", false), run("other", false)]);
  const read = () => Object.keys(store.getState().runs.curves).sort();
  await vi.waitFor(() => expect(read()).toEqual(["fork", "parent"]));
  store.getState().setRuns([run("fork", false, "parent"), run("parent", false)]);
  expect(read()).toEqual([]);
  flow.dispose();
  db.close();
});

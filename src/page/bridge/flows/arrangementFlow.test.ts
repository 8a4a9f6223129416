import { beforeEach, expect, test } from "vitest";
import { installFakeIndexedDb } from "../../../../test/fakeDatabase";
import { Experiment } from "../../../common/config/experiment";
import { openStudioDb } from "../../../common/storage/openDb";
import { putSetting } from "../../../common/storage/settings";
import { createStudioStore } from "../../store/studioStore";
import { withDatabase } from "../run/storedRuns";
import { keepArrangement } from "./arrangementFlow";

beforeEach(installFakeIndexedDb);

/** A page with one stored run, whose list is kept. */
function page() {
  const store = createStudioStore(Experiment.parse({}));
  const stop = keepArrangement(store, withDatabase);
  store.getState().setRuns([{ id: "a" } as never]);
  return { store, stop };
}

test("order, filter and folded seeds are there again after a reload", async () => {
  const first = page();
  await expect.poll(() => first.store.getState().runs.order).toBe("newest");
  first.store.getState().arrangeRuns({ order: "kid", filter: "λ 0", foldSeeds: true });
  first.stop();
  await expect
    .poll(async () => {
      const again = page();
      await new Promise((resolve) => setTimeout(resolve, 20));
      again.stop();
      return again.store.getState().runs;
    })
    .toMatchObject({ order: "kid", filter: "λ 0", foldSeeds: true });
});

test("what another version stored and this one does not know is forgotten", async () => {
  const db = await openStudioDb();
  await putSetting(db, "page/runs", { order: "by colour", filter: 7 });
  db.close();
  const { store, stop } = page();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(store.getState().runs).toMatchObject({ order: "newest", filter: "" });
  stop();
});

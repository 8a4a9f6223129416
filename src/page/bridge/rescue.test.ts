import "fake-indexeddb/auto";
import { expect, test } from "vitest";
import { openStudioDb } from "../../common/storage/openDb";
import { rescueRecords, type RescuedFile } from "./rescue";

test("records that nothing can read are saved all the same, and the newest checkpoint of each run", async () => {
  const db = await openStudioDb("rescue");
  const broken = { id: "a", createdAtMs: 1, experiment: "not one" };
  await db.put("runs", broken as never);
  await db.put("log", {
    runId: "a",
    kind: "steps",
    columns: ["step"],
    values: Float64Array.of(7, NaN),
  });
  for (const step of [5, 20, 100]) {
    const bytes = new Uint8Array([step]).buffer;
    const head = { runId: "a", step, bytes: 1, createdAtMs: 1, pinned: false, parts: [] };
    await db.put("checkpoints", head);
    await db.put("stateParts", { runId: "a", step, part: 0, bytes });
  }
  const files: RescuedFile[] = [];
  await rescueRecords(db, (file) => files.push(file));
  db.close();
  expect(files.map(({ name }) => name)).toEqual([
    "repa-studio-runs.json",
    "repa-studio-a-step-100.safetensors",
  ]);
  expect(JSON.parse((await files[0]?.blob.text()) ?? "")).toMatchObject({
    runs: [broken],
    log: [{ columns: ["step"], values: [7, null] }],
  });
  expect(new Uint8Array((await files[1]?.blob.arrayBuffer()) ?? new ArrayBuffer(0))).toEqual(
    new Uint8Array([100]),
  );
});

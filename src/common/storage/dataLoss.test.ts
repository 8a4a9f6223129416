import "fake-indexeddb/auto";
import { expect, test } from "vitest";
import { DATA_LOSS_KEY, lossOf, takeLoss } from "./dataLoss";
import { openStudioDb } from "./openDb";
import { putSetting } from "./settings";

test("what the browser says of a loss is heard, and nothing where it says nothing", () => {
  const event = new IDBVersionChangeEvent("upgradeneeded");
  expect(lossOf(event)).toBeNull();
  expect(lossOf(Object.assign(event, { dataLoss: "none", dataLossMessage: "" }))).toBeNull();
  Object.assign(event, { dataLoss: "total", dataLossMessage: "checksum mismatch" });
  expect(lossOf(event)).toBe("checksum mismatch");
});

test("a loss is told once, with what the browser says", async () => {
  const db = await openStudioDb("lost");
  expect(await takeLoss(db)).toBeNull();
  await putSetting(db, DATA_LOSS_KEY, "checksum mismatch");
  expect(await takeLoss(db)).toMatchObject({
    code: "STORAGE_LOST",
    message: expect.stringContaining("(checksum mismatch)") as string,
  });
  expect(await takeLoss(db)).toBeNull();
  db.close();
});

import { expect, test } from "./fixtures";
import { onlyAtEnd, tiny } from "./studio";

test.use({ backend: "wasm" });

const SHORT = tiny({ optimizer: { steps: 6 }, evaluation: onlyAtEnd(6) });

test("a damaged shard is noticed, computed again and never trusted", async ({ studio }) => {
  await studio.runLink(SHORT);
  await studio.waitForPhase("Finished");
  const db = await studio.db();
  const sound = await db.shardStates();
  expect(sound.length).toBeGreaterThan(0);
  expect(sound.every(({ intact }) => intact)).toBe(true);

  await db.damageShard();
  expect((await db.shardStates()).filter(({ intact }) => !intact)).toHaveLength(1);

  await studio.runLink(SHORT);
  await studio.waitForPhase("Finished");
  expect((await (await studio.db()).runs()).map(({ phase }) => phase)).toEqual([
    "finished",
    "finished",
  ]);
  // the same bytes again: checksums hold and equal those before the damage
  expect(await (await studio.db()).shardStates()).toEqual(sound);
  await expect(studio.page.getByText(/damaged|repaired/i).first()).toBeVisible();
});

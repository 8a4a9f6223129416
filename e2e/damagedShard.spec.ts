import { expect, test } from "./fixtures";
import { onlyAtEnd, tiny } from "./studio";

test.use({ backend: "wasm", warm: true });

const SHORT = tiny({ optimizer: { steps: 6 }, evaluation: onlyAtEnd(6) });

test("a damaged shard is noticed, computed again and never trusted", async ({ studio }) => {
  await studio.open();
  const db = await studio.db();
  const sound = await db.shardStates();
  expect(sound.length).toBeGreaterThan(0);
  expect(sound.every(({ intact }) => intact)).toBe(true);

  await db.damageShard("latents/"); // a cache every run reads
  expect((await db.shardStates()).filter(({ intact }) => !intact)).toHaveLength(1);

  await studio.runLink(SHORT);
  await studio.waitForPhase("Finished");
  // the same bytes again: checksums hold and equal those before the damage
  expect(await (await studio.db()).shardStates()).toEqual(sound);
  await expect(studio.page.getByRole("alert", { name: "1 damaged shard repaired" })).toBeVisible();
});

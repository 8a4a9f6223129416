import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { onlyAtEnd, prepend, tiny } from "./studio";

const CHANNEL = "lose the device";

/** A driver reset, seen from inside a worker: the devices it opened are gone when the page says so. */
const LOSABLE = `
const devices = [];
const { requestDevice } = GPUAdapter.prototype;
GPUAdapter.prototype.requestDevice = async function (descriptor) {
  const device = await requestDevice.call(this, descriptor);
  devices.push(device);
  return device;
};
const loseAll = () => devices.splice(0).forEach((device) => device.destroy());
new BroadcastChannel("${CHANNEL}").onmessage = loseAll;
`;

/** The same by itself, when the first device is first asked to compute. */
const LOST_AT_FIRST_WORK = `${LOSABLE}
const { submit } = GPUQueue.prototype;
GPUQueue.prototype.submit = function (commands) {
  GPUQueue.prototype.submit = submit;
  loseAll();
  return submit.call(this, commands);
};
`;

const loseDevice = (page: Page) =>
  page.evaluate((name) => {
    const channel = new BroadcastChannel(name);
    channel.postMessage(null);
    channel.close();
  }, CHANNEL);

test.use({ backend: "webgpu", warm: true });

test("a device lost while it trains is replaced: the run goes on from its checkpoint to its end", async ({
  studio,
  context,
}) => {
  test.setTimeout(300_000);
  await prepend(context, "trainer", LOSABLE);
  const steps = 14;
  await studio.runLink(
    tiny({
      optimizer: { steps },
      evaluation: { gridEvery: 5, metricsEvery: steps, checkpointEvery: 4 },
    }),
  );
  await studio.waitForStep(6);
  await loseDevice(studio.page);

  const warning = studio.alert("Warning");
  await expect(warning).toContainText("The GPU device was lost", { timeout: 60_000 });
  await expect(warning).toContainText(/goes on by itself, on a new device, from step (4|8)\./);
  await studio.waitForPhase("Finished");
  await expect(studio.alert(/failed/)).toBeHidden();
  const run = await studio.newestRun();
  expect(run.step).toBe(steps);
  const { points } = await (await studio.db()).log(run.id, 0);
  const logged = new Set(points.map(({ step }) => step));
  expect([...logged].sort((a, b) => a - b)).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
  // what was computed twice has the same numbers: the new device took up what the old one had left
  for (const { step, velocityLoss } of points) {
    const same = points.filter((other) => other.step === step).map((other) => other.velocityLoss);
    expect(new Set([velocityLoss, ...same]).size, `losses of step ${step}`).toBe(1);
  }
});

test("a device lost while caches are filled is replaced, and the caches are right", async ({
  studio,
  context,
}) => {
  test.setTimeout(300_000);
  await prepend(context, "features", LOST_AT_FIRST_WORK);
  await studio.open();
  const db = await studio.db();
  const sound = await db.shardStates();
  await db.damageShard("latents/");
  await studio.runLink(tiny({ optimizer: { steps: 1000 }, evaluation: onlyAtEnd(1000) }));
  await expect(studio.alert("Warning")).toContainText("Caching goes on by itself", {
    timeout: 60_000,
  });
  await studio.waitForStep(1);
  const now = await (await studio.db()).shardStates();
  expect(now.every(({ intact }) => intact)).toBe(true);
  expect(now).toHaveLength(sound.length);
});

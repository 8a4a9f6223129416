import { expect, test } from "./fixtures";
import { onlyAtEnd, tiny } from "./studio";

test.use({ backend: "wasm" });

/** Longer than a gesture rests before it counts as over, and than the page takes to show an event. */
const SETTLED_MS = 1500;
/** How long a key is down before it repeats itself, and how often it then does. */
const FIRST_REPEAT_MS = 660;
const REPEAT_MS = 33;

test("λ moved while caching is trained with, a key held is one change, and undo takes back what is typed, then the change", async ({
  studio,
  page,
}) => {
  const steps = 20_000; // far more than the test waits for
  await studio.runLink(
    tiny({
      data: { imageLimit: 320 },
      optimizer: { steps },
      evaluation: onlyAtEnd(steps),
    }),
  );
  const lambda = studio.setting("Alignment weight λ");
  const depth = studio.setting("Alignment depth");
  const changes = async () => (await studio.newestRun()).timeline.map(({ change }) => change);

  await studio.waitForPhase("Preparing caches");
  await lambda.fill("0.9");
  await lambda.press("Enter");
  await expect(studio.setting("Patch histograms (hand-made control)")).toBeDisabled();
  await studio.waitForStep(1);
  expect((await studio.newestRun()).timeline).toEqual([{ step: 1, change: { projCoeff: 0.9 } }]);
  await expect(lambda).toHaveValue("0.9");

  await page.getByRole("slider", { name: "Alignment weight λ (slider)" }).focus();
  await page.keyboard.down("ArrowRight");
  await page.waitForTimeout(FIRST_REPEAT_MS);
  for (let i = 0; i < 14; i++) {
    await page.keyboard.down("ArrowRight");
    await page.waitForTimeout(REPEAT_MS);
  }
  await page.keyboard.up("ArrowRight");
  const held = Number(await lambda.inputValue());
  expect(held).toBeGreaterThan(0.9);
  await page.waitForTimeout(SETTLED_MS);
  expect(await changes()).toEqual([{ projCoeff: 0.9 }, { projCoeff: held }]);
  await expect(lambda).toHaveValue(String(held));

  // there and back within one gesture: both keys are down, so that a slow machine makes no two of them
  await page.keyboard.down("ArrowLeft");
  await page.keyboard.down("ArrowRight");
  await page.keyboard.up("ArrowRight");
  await page.keyboard.up("ArrowLeft");
  await page.waitForTimeout(SETTLED_MS);
  expect(await changes()).toHaveLength(2);

  const firstDepth = await depth.inputValue();
  await depth.click();
  await depth.press("ControlOrMeta+a");
  await depth.pressSequentially("2");
  await depth.press("Enter");
  await expect.poll(changes).toHaveLength(3);
  await expect(page.getByRole("region", { name: "Live changes" })).toContainText("depth 2");
  await depth.press("ControlOrMeta+a");
  await depth.pressSequentially("3");
  await depth.press("ControlOrMeta+z");
  await expect(depth).toHaveValue("2");
  await depth.blur();
  await page.waitForTimeout(SETTLED_MS);
  expect(await changes()).toEqual([{ projCoeff: 0.9 }, { projCoeff: held }, { encoderDepth: 2 }]);

  // with the focus nowhere the browser would undo the page's last edit; the page goes back to before it, as a fork
  await page.keyboard.press("ControlOrMeta+z");
  await expect(studio.alert(/^Undone: depth 2/)).toBeVisible();
  await expect(depth).toHaveValue(firstDepth);
  await studio.waitForPhase("Training");
  await studio.button("Stop").click();
  await studio.waitForPhase("Stopped");
  expect(await changes()).toEqual([{ projCoeff: 0.9 }, { projCoeff: held }]);
  await expect(lambda).toHaveValue(String(held));
});

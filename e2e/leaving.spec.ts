import { expect, test } from "./fixtures";
import { onlyAtEnd, tiny } from "./studio";

test.use({ backend: "wasm", warm: true });

test("leaving asks while a run is under way, not after it; the tab says how far it is", async ({
  studio,
  page,
}) => {
  const asked: string[] = [];
  page.on("dialog", (dialog) => {
    asked.push(dialog.type());
    void dialog.dismiss(); // stay
  });
  await studio.runLink(tiny({ optimizer: { steps: 4000 }, evaluation: onlyAtEnd(4000) }));
  await studio.waitForStep(2);
  await expect(page).toHaveTitle(/^\d+ % · Custom · REPA Studio$/);
  await page.evaluate(() => location.reload());
  await expect.poll(() => asked).toEqual(["beforeunload"]);
  await studio.waitForStep((await studio.step()) + 2); // it went on

  await studio.button("Stop").click();
  await studio.waitForPhase("Stopped");
  await expect(page).toHaveTitle("REPA Studio");
  await page.reload();
  await studio.waitForPhase("Stopped");
  expect(asked).toHaveLength(1);
});

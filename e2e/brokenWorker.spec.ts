import type { BrowserContext } from "@playwright/test";
import { analyseViewOn } from "./analyseView";
import { expect, test } from "./fixtures";
import { onlyAtEnd, START_MS, tiny } from "./studio";

test.use({ backend: "wasm", warm: true, expectedComplaints: [/broken on purpose/] });

for (const worker of ["features", "trainer"]) {
  test(`a ${worker} worker that throws at start gives a message, and the page lives`, async ({
    studio,
    context,
  }) => {
    let served = 0;
    await context.route(`**/${worker}.worker-*.js`, async (route) => {
      served++;
      // the page's own headers, or the browser refuses the script for another reason
      const response = await route.fetch();
      await route.fulfill({ response, body: 'throw new Error("broken on purpose");' });
    });
    await studio.open();
    await studio.button("Train").click();
    const alert = studio.alert(/WORKER_FAILED/);
    await expect(alert).toContainText(`The ${worker} worker stopped`, { timeout: 60_000 });
    expect(served).toBeGreaterThan(0);
    await expect(alert).toContainText("Reload the page");

    // the page still answers, and once the worker is well again it trains without a reload
    await context.unrouteAll({ behavior: "wait" }); // a worker for the previews may be on its way
    const train = async () => {
      await alert.getByRole("button", { name: "Dismiss failure" }).click();
      await expect(alert).toBeHidden();
      await studio.button("Train").click();
    };
    await train();
    await expect
      .poll(async () => (await studio.step()) >= 2 || (await alert.isVisible()), {
        timeout: START_MS,
      })
      .toBe(true);
    // a worker begun before, for the previews say, was still to throw
    if (await alert.isVisible()) await train();
    await studio.waitForStep(2);
  });
}

/** Each worker's script is gone, as after a new version was put in its place while the page was open. */
const withoutScript = (context: BrowserContext, worker: string) =>
  context.route(`**/${worker}.worker-*.js`, (route) => route.fulfill({ status: 404, body: "" }));

test.describe("a script that is not there", () => {
  test.use({ expectedComplaints: [/404/] });

  for (const worker of ["features", "trainer"]) {
    test(`a ${worker} worker that is not found gives a message`, async ({ studio, context }) => {
      await withoutScript(context, worker);
      await studio.open();
      await studio.button("Train").click();
      const alert = studio.alert(/WORKER_FAILED/);
      await expect(alert).toContainText(`The ${worker} worker stopped`, { timeout: 60_000 });
    });
  }

  test("a run finishes without its metrics worker, and says what it lacks", async ({
    studio,
    context,
  }) => {
    await withoutScript(context, "metrics");
    await studio.runLink(
      tiny({
        optimizer: { steps: 6 },
        evaluation: { gridEvery: 6, metricsEvery: 3, checkpointEvery: 3 },
      }),
    );
    await studio.waitForPhase("Finished");
    await expect(studio.page.getByText(/The metrics worker stopped/).first()).toBeVisible();
  });

  test("an analysis without its worker ends with a message", async ({ studio, context }) => {
    await studio.runLink(tiny({ optimizer: { steps: 4 }, evaluation: onlyAtEnd(4) }));
    await studio.waitForPhase("Finished");
    await withoutScript(context, "analysis");
    const view = analyseViewOn(studio);
    await view.open();
    await view.step(4).check();
    await studio.button("Analyse").click();
    await expect(studio.page.getByText(/The analysis worker stopped/).first()).toBeVisible();
  });

  test("a measurement without its worker ends with a message", async ({ page, context }) => {
    await withoutScript(context, "bench");
    await page.goto("/?bench&workload=tiny&steps=2");
    await page.getByRole("button", { name: "Measure", exact: true }).click();
    await expect(page.getByText(/The bench worker stopped/)).toBeVisible();
    await expect(page.getByRole("button", { name: "Measure", exact: true })).toBeEnabled();
  });
});

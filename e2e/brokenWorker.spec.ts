import { expect, test } from "./fixtures";
import { START_MS } from "./studio";

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
    await context.unroute(`**/${worker}.worker-*.js`);
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

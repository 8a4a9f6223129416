import { expect, listen, test } from "./fixtures";
import { digest, storedParameters } from "./parameters";
import { studioOn, tiny, type Studio } from "./studio";

// the last step would be followed by samples and figures: the run is longer than is looked at
const LONG = 1000;

// a step is seen up to a second after it was done, and the newest three checkpoints are kept: at 50 steps a second it is still there
const RUNS = [
  { backend: "wasm", steps: 90, checkpointEvery: 30 },
  { backend: "webgpu", steps: 12, checkpointEvery: 4 },
] as const;

for (const { backend, steps, checkpointEvery } of RUNS) {
  test.describe(backend, () => {
    test.use({ backend, warm: true });

    const ofSeed = (seed: number) =>
      tiny({
        optimizer: { steps: LONG, seed },
        evaluation: { gridEvery: LONG, metricsEvery: LONG, checkpointEvery },
      });
    /** Stops the run under way after `steps`, and gives its bits. */
    const bitsOf = async (studio: Studio) => {
      await studio.waitForStep(steps + 1);
      await studio.button("Stop").click();
      await studio.waitForPhase("Stopped");
      const run = await studio.newestRun();
      expect(run.device?.backend).toBe(backend);
      return digest(await storedParameters(studio, run.id, steps));
    };

    test("a run cut by a reload and continued equals one of another profile that was not, bit by bit", async ({
      studio,
      browser,
      complaints,
      warmState,
    }) => {
      test.setTimeout(300_000);
      await studio.runLink(ofSeed(11));
      await studio.waitForStep(checkpointEvery + 1);
      await studio.page.goto("about:blank"); // the tab is gone in the middle of a step
      await studio.open("preset=tiny");
      const cut = await studio.newestRun();
      const saved = (await (await studio.db()).checkpointSteps(cut.id)).at(-1);
      expect(saved).toBeGreaterThanOrEqual(checkpointEvery);
      expect(saved).toBeLessThan(steps);

      await studio.continueRun();
      await studio.waitForPhase("Training");
      const resumedBits = await bitsOf(studio);
      const resumed = await studio.newestRun();
      expect(resumed.id).toBe(cut.id);
      const { points } = await (await studio.db()).log(cut.id, 0);
      const logged = new Set(points.map(({ step }) => step));
      const every = Array.from({ length: resumed.step }, (_, i) => i + 1);
      expect(
        [...logged].sort((a, b) => a - b),
        "nothing logged is lost",
      ).toEqual(every);

      const context = await browser.newContext({ storageState: await warmState() });
      listen(context, complaints);
      const other = studioOn(await context.newPage(), backend);
      await other.runLink(ofSeed(11));
      expect(await bitsOf(other)).toBe(resumedBits);
      if (backend === "wasm") {
        // the comparison can fail: another seed gives other bits
        await other.page.goto("about:blank"); // or only the part after # would change
        await other.runLink(ofSeed(12));
        await expect.poll(async () => (await other.newestRun()).experiment.optimizer.seed).toBe(12);
        expect(await bitsOf(other)).not.toBe(resumedBits);
      }
      await context.close();
    });
  });
}

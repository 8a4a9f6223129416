import { expect, test } from "./fixtures";
import { digest, storedParameters } from "./parameters";
import { tiny } from "./studio";

const RUNS = [
  { backend: "wasm", steps: 40, checkpointEvery: 10 },
  { backend: "webgpu", steps: 12, checkpointEvery: 4 },
] as const;

for (const { backend, steps, checkpointEvery } of RUNS) {
  test.describe(backend, () => {
    test.use({ backend, warm: true });

    test("a run cut by a reload and continued equals one that was not, bit by bit", async ({
      studio,
    }) => {
      test.setTimeout(300_000);
      // the last step would be followed by samples and figures: the run is longer than is looked at
      const long = 1000;
      const experiment = tiny({
        optimizer: { steps: long, seed: 11 },
        evaluation: { gridEvery: long, metricsEvery: long, checkpointEvery },
      });
      const parametersAt = async (runId: string) =>
        digest(await storedParameters(studio, runId, steps));
      const stopAfter = async (step: number) => {
        await studio.waitForStep(step + 1);
        await studio.button("Stop").click();
        await studio.waitForPhase("Stopped");
      };

      await studio.runLink(experiment);
      await studio.waitForStep(checkpointEvery + 1);
      await studio.page.goto("about:blank"); // the tab is gone in the middle of a step
      await studio.open("preset=tiny");
      const cut = await studio.newestRun();
      const saved = (await (await studio.db()).checkpointSteps(cut.id)).at(-1);
      expect(saved).toBeGreaterThanOrEqual(checkpointEvery);
      expect(saved).toBeLessThan(steps);

      await studio.continueRun();
      await studio.waitForPhase("Training");
      await stopAfter(steps);
      const resumed = await studio.newestRun();
      expect(resumed.id).toBe(cut.id);
      const { points } = await (await studio.db()).log(cut.id, 0);
      const logged = new Set(points.map(({ step }) => step));
      const every = Array.from({ length: resumed.step }, (_, i) => i + 1);
      expect(
        [...logged].sort((a, b) => a - b),
        "nothing logged is lost",
      ).toEqual(every);
      const resumedParameters = await parametersAt(cut.id);

      await studio.runLink(experiment);
      await expect.poll(async () => (await studio.newestRun()).id).not.toBe(cut.id);
      await stopAfter(steps);
      expect(resumedParameters).toBe(await parametersAt((await studio.newestRun()).id));
    });
  });
}

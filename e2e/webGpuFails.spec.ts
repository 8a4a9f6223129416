import { expect, test } from "./fixtures";
import { onlyAtEnd, prepend, tiny } from "./studio";

/** A driver that refuses every device, seen from inside a worker. */
const REFUSING = `
GPUAdapter.prototype.requestDevice = () => Promise.reject(new Error("the driver is gone"));
`;

const TOLD = 'WebGPU did not start: requestDevice failed with "the driver is gone".';
const experiment = tiny({ optimizer: { steps: 3 }, evaluation: onlyAtEnd(3) });

test.use({ warm: true });

test.describe("where the best backend is taken", () => {
  test.use({ backend: "auto" });

  test("WebGPU that does not start is told with its message, and the slow mode trains", async ({
    studio,
    context,
  }) => {
    await prepend(context, "trainer", REFUSING);
    await studio.runLink(experiment);
    await studio.waitForPhase("Finished");
    await expect(studio.alert("Warning")).toContainText(TOLD);
    await studio.page.getByRole("button", { name: "slow mode", exact: true }).click();
    await expect(studio.page.getByRole("dialog").filter({ hasText: TOLD })).toBeVisible();
    expect((await studio.newestRun()).device).toMatchObject({
      backend: "wasm",
      slowBecause: { kind: "failed", failure: { code: "BACKEND_FAILED" } },
    });
  });
});

test.describe("where WebGPU is demanded", () => {
  test.use({ backend: "webgpu" });

  test("the run fails with the same words", async ({ studio, context }) => {
    await prepend(context, "trainer", REFUSING);
    await studio.runLink(experiment);
    const failed = studio.alert(/failed: BACKEND_FAILED/);
    await expect(failed).toContainText(TOLD, { timeout: 60_000 });
    await expect(failed).toContainText("Restart the browser");
  });
});

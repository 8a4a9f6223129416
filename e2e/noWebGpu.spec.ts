import { chromiumLaunch } from "../scripts/chromium.mjs";
import { expect, test } from "./fixtures";

test.use({ launchOptions: chromiumLaunch({ webgpu: false }), backend: "auto", warm: true });

test("without WebGPU the studio says so and trains in the slow mode", async ({ studio }) => {
  await studio.open();
  const adapter = await studio.page.evaluate(async () =>
    "gpu" in navigator ? await navigator.gpu.requestAdapter() : null,
  );
  expect(adapter, "this browser has no adapter").toBeNull();
  await expect(studio.alert(/slow mode/)).toContainText("WebGPU");

  await studio.button("Train").click();
  await studio.waitForStep(3);
  await expect(studio.status).toContainText("slow mode");
  await studio.waitForPhase("Finished");
  expect((await studio.newestRun()).device).toMatchObject({ backend: "wasm", slow: true });
});

test("insisting on WebGPU there is refused with the reason", async ({ page }) => {
  await page.goto("/?preset=tiny&backend=webgpu");
  await expect(page.getByRole("alert", { name: "This browser cannot train" })).toContainText(
    "WebGPU",
  );
  await expect(page.getByRole("button", { name: "Train", exact: true })).toBeDisabled();
});

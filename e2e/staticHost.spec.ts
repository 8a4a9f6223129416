import { join } from "node:path";
import type { Page } from "@playwright/test";
import { encodeLink } from "../src/common/config/urlCodec";
import { expect, test } from "./fixtures";
import { newerSite, staticHost } from "./staticHost";
import { onlyAtEnd, studioOn, tiny } from "./studio";

const DIST = join(import.meta.dirname, "..", "dist");
test.use({ backend: "wasm" });

/** The directive that keeps a page or a worker from another host; what it runs in is asked. */
const blockedBy = () =>
  new Promise<string>((resolve) => {
    addEventListener("securitypolicyviolation", ({ effectiveDirective }) =>
      resolve(effectiveDirective),
    );
    fetch("https://example.com/").then(
      () => resolve("nothing"),
      () => setTimeout(() => resolve("nothing"), 3000),
    );
  });

const linkTo = (steps: number) =>
  encodeLink({
    experiment: tiny({ optimizer: { steps }, evaluation: onlyAtEnd(steps) }),
    timeline: [],
    card: {},
  });

const isIsolated = (page: Page) => page.evaluate(() => crossOriginIsolated).catch(() => false);

/** Opens a link to a run of so many steps and runs it. */
async function runSteps(page: Page, url: string, steps: number): Promise<void> {
  await page.goto(`${url}?from=link-${steps}&backend=wasm${linkTo(steps)}`);
  await expect.poll(() => isIsolated(page)).toBe(true);
  const dialog = page.getByRole("dialog", { name: "Shared experiment" });
  await dialog.getByRole("button", { name: "Run it" }).click();
}

const openDrawer = async (page: Page) => {
  await page.getByRole("button", { name: "Runs and storage", exact: true }).click();
  return page.getByRole("region", { name: "Offline use" });
};

test.describe("a host that sends no headers, below a path", () => {
  // what the network says while there is none
  test.use({
    expectedComplaints: [/Failed to load resource|ERR_CONNECTION_REFUSED|Content Security Policy/],
  });

  test("is isolated after one reload, trains, and opens without a network after the first run", async ({
    page,
  }) => {
    test.setTimeout(420_000);
    const host = await staticHost(DIST);
    let loads = 0;
    page.on("domcontentloaded", () => loads++);
    const studio = studioOn(page, "wasm");

    await page.goto(`${host.url}?preset=tiny&backend=wasm`);
    await expect.poll(() => isIsolated(page)).toBe(true);
    await expect.poll(() => loads).toBe(2);
    const policy = await page.evaluate(async () => {
      const response = await fetch("index.html");
      return response.headers.get("Content-Security-Policy");
    });
    expect(policy).toContain("frame-ancestors 'self'");

    await runSteps(page, host.url, 4);
    await studio.waitForPhase("Finished");
    const trainer = page.workers().find((worker) => worker.url().includes("trainer.worker"));
    expect(await trainer?.evaluate(() => crossOriginIsolated)).toBe(true);
    expect(await page.evaluate(blockedBy)).toBe("connect-src");
    expect(await trainer?.evaluate(blockedBy)).toBe("connect-src");
    const offline = await openDrawer(page);
    await expect(offline).toContainText("opens without a network", { timeout: 60_000 });
    await expect(offline.getByRole("button", { name: "Remove from this browser" })).toBeVisible({
      timeout: 120_000,
    });

    // a reload with Shift goes past the service worker, and so may the page's own reload right after it: no loop, and the
    // next plain load puts it right
    loads = 0;
    const session = await page.context().newCDPSession(page);
    await session.send("Page.reload", { ignoreCache: true });
    await expect.poll(() => loads).toBeGreaterThan(0);
    await page.waitForTimeout(3000);
    expect(loads).toBeLessThanOrEqual(2);
    await page.reload();
    await expect.poll(() => isIsolated(page)).toBe(true);

    await host.close();
    await page.reload();
    await expect(page.getByRole("heading", { name: "REPA Studio" })).toBeVisible();
    expect(await isIsolated(page)).toBe(true);
    await runSteps(page, host.url, 6);
    await studio.waitForPhase("Finished");
    expect((await studio.newestRun()).step).toBe(6);
  });
});

test("a newer version waits while a run trains, in this tab and in another, and is used when it is asked for", async ({
  page,
  context,
}, info) => {
  const newer = info.outputPath("newer");
  const version = await newerSite(DIST, newer);
  const host = await staticHost(DIST);
  const studio = studioOn(page, "wasm");
  await page.goto(`${host.url}?preset=tiny&backend=wasm`);
  await expect.poll(() => isIsolated(page)).toBe(true);
  const offline = await openDrawer(page);
  await offline.getByRole("button", { name: "Keep for offline use" }).click();
  await expect(offline.getByRole("button", { name: "Remove from this browser" })).toBeVisible({
    timeout: 120_000,
  });

  await runSteps(page, host.url, 20_000);
  await studio.waitForStep(2);
  const other = await context.newPage();
  await other.goto(`${host.url}?preset=tiny&backend=wasm&restore=no`);

  host.serve(newer);
  await page.evaluate(async () => (await navigator.serviceWorker.ready).update());
  const offered = page.getByRole("alert", { name: "A newer version is here" });
  await expect(offered).toBeVisible({ timeout: 120_000 });
  await expect(offered.getByRole("button", { name: "Use it now" })).toBeDisabled();
  const step = await studio.step();
  await studio.waitForStep(step + 2);

  // the other tab has nothing under way, and may not take it either
  const otherOffer = other.getByRole("alert", { name: "A newer version is here" });
  await expect(otherOffer).toBeVisible();
  await otherOffer.getByRole("button", { name: "Use it now" }).click();
  await expect(otherOffer).toContainText("under way in another tab");

  await studio.button("Stop").click();
  await studio.waitForPhase("Stopped");
  await offered.getByRole("button", { name: "Use it now" }).click();
  await expect(page.locator("meta[name=newer]")).toHaveCount(1);
  await expect(await openDrawer(page)).toContainText(version);
  await expect(
    other.getByRole("alert", { name: "Another tab uses a newer version" }),
  ).toBeVisible();
  await host.close();
});

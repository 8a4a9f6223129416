import { chromium } from "playwright";
import { createServer } from "vite";
import { chromiumLaunch } from "../scripts/chromium.mjs";
import { StudioError } from "../src/common/errors/studioError";
import type {} from "./page/main";
import type { SuiteOptions, SuiteResult } from "./suite";

/** Serves the bench page. Nothing is watched: an edit during a run would reload the page. */
export async function servePage() {
  const server = await createServer({
    cacheDir: ".cache/vite-bench",
    logLevel: "warn",
    server: { host: "localhost", port: 0, hmr: false, watch: null },
    optimizeDeps: { include: ["@jax-js/jax"], entries: ["bench/page/index.html"] },
  });
  await server.listen();
  const url = server.resolvedUrls?.local[0];
  if (!url) throw new Error("vite gave no local address");
  return { url: `${url}bench/page/index.html`, close: () => server.close() };
}

/**
 * Suites in a module worker of a page in Chromium.
 * @param adapter "swiftshader", or "default" for the machine's GPU, which needs a display
 */
export async function runInChromium(
  suites: readonly SuiteOptions[],
  adapter: string,
): Promise<{ results: SuiteResult[]; engine: string }> {
  if (adapter !== "swiftshader" && adapter !== "default") {
    throw new StudioError(
      "BAD_CONFIG",
      `Chromium does not run on "${adapter}".`,
      "Choose --adapter swiftshader or default.",
    );
  }
  if (adapter === "default") process.env.REPA_GPU = "1";
  const server = await servePage();
  const browser = await chromium.launch(chromiumLaunch());
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    page.on("console", (message) => console.error(message.text()));
    page.on("pageerror", (error) => console.error(error));
    await page.goto(server.url);
    await page.waitForFunction(() => "runBench" in window);
    const results = await page.evaluate((given) => window.runBench([...given]), suites);
    return { results, engine: `Chromium ${browser.version()}, module worker` };
  } finally {
    await browser.close();
    await server.close();
  }
}

/**
 * Starts the browser the tests use, asks for a WebGPU adapter and prints both.
 * Exits 1 when the browser does not start or has no adapter. Run as its own process, so that a
 * browser that hangs can be killed.
 */
import { createServer } from "node:http";
import { chromium } from "playwright";
import { chromiumLaunch } from "./chromium.mjs";

// WebGPU needs a secure context; localhost is one, about:blank is not
const server = createServer((_request, response) => {
  response.setHeader("content-type", "text/html");
  response.end("<!doctype html><title>probe</title>");
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));

try {
  const browser = await chromium.launch(chromiumLaunch());
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  const adapter = await page.evaluate(async () => {
    const found = await globalThis.navigator.gpu?.requestAdapter();
    return found ? `${found.info.vendor} ${found.info.architecture}`.trim() || "unnamed" : null;
  });
  console.log(`Chromium ${browser.version()}, WebGPU adapter: ${adapter ?? "none"}`);
  process.exitCode = adapter ? 0 : 1;
  await browser.close();
} catch (error) {
  console.log(`Chromium did not start: ${String(error.message ?? error).split("\n")[0]}`);
  process.exitCode = 1;
} finally {
  server.close();
}

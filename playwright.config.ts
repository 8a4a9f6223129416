import { createServer } from "node:net";
import { defineConfig } from "@playwright/test";
import { chromiumLaunch } from "./scripts/chromium.mjs";

/** A port nobody uses now, so that two checkouts can be tested at once. */
const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "localhost", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });

/** Journeys that do not train, or mostly wait: for servers, downloads, other tabs and the clock. */
const WAITING = [
  "badLink",
  "brokenParts",
  "firstLoad",
  "hubReach",
  "hubWeights",
  "insecure",
  "inspect",
  "parquet",
  "staticHost",
  "storageLost",
  "storageRefused",
  "upgrade",
].map((name) => `${name}.spec.ts`);

// the configuration is read again in every worker process; they must agree with the first
process.env.E2E_PORT ??= String(await freePort());
const port = process.env.E2E_PORT;

export default defineConfig({
  testDir: "e2e",
  testMatch: "*.spec.ts",
  outputDir: "test-results",
  // two journeys that train take as long at once on two cores as one after the other (docs/results.md)
  workers: 2,
  projects: [
    { name: "training", testIgnore: WAITING, workers: 1 },
    { name: "waiting", testMatch: WAITING, workers: 1 },
  ],
  fullyParallel: false,
  // on shared cores a browser is late now and then; what passed only the second time is listed as flaky
  retries: 1,
  forbidOnly: process.env.CI !== undefined,
  timeout: 240_000,
  expect: { timeout: 30_000 },
  reporter: "list",
  use: {
    baseURL: `http://localhost:${port}/`,
    launchOptions: chromiumLaunch(),
    viewport: { width: 1440, height: 900 },
    trace: "off",
    screenshot: "only-on-failure",
  },
  webServer: {
    command: `node scripts/start.mjs --no-open --port ${port}`,
    url: `http://localhost:${port}/`,
    timeout: 240_000,
    stdout: "ignore",
  },
});

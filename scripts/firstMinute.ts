/**
 * What a visitor waits for: `npm run first-minute -- [--backend wasm] [--dist DIR] [--preset ID]`. Milliseconds from the
 * address to a page that can be used, and from Train to the first curve, the first grid and full caches; first in a new
 * profile (cold), then again in the same one (warm: files and image caches are there). The built page in Chromium.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Page } from "playwright";
import type { BackendChoice } from "../src/common/protocol/shared";
import { ensureBuilt, serveBuilt } from "./builtApp.mjs";
import { openBrowser } from "./headless/browser";

const BACKENDS: readonly BackendChoice[] = ["auto", "webgpu", "wasm", "cpu"];
/** Longer than any of the waits took on two CPU cores. */
const LONGEST_MS = 600_000;

interface Times {
  readonly usable: number;
  /** From here on since the press of Train. */
  readonly firstStep: number;
  readonly firstCurve: number;
  readonly firstGrid: number;
  readonly gridStep: number;
  readonly fullCaches: number;
  /** The step that was reached when the caches were full. */
  readonly stepThen: number;
  readonly adapter: string;
}

const { values } = parseArgs({
  options: {
    backend: { type: "string", default: "wasm" },
    dist: { type: "string" },
    preset: { type: "string", default: "first-minute" },
  },
});
const backend = BACKENDS.find((each) => each === values.backend);
if (!backend) throw new Error(`--backend must be one of ${BACKENDS.join(", ")}.`);

/** One visit: opens the page, presses Train, and waits for curve, grid and caches. */
async function visit(page: Page, address: string): Promise<Times> {
  const timeout = LONGEST_MS;
  const openedMs = performance.now();
  await page.goto(address);
  const train = page.getByRole("button", { name: "Train", exact: true });
  await train.waitFor({ timeout });
  const usable = performance.now() - openedMs;
  const status = page.getByRole("region", { name: "Status" });
  await train.click();
  const pressedMs = performance.now();
  const since = () => performance.now() - pressedMs;
  await page.locator('[data-step="0"]').first().waitFor({ timeout }); // a stored run was shown
  const step = async () => Number(await status.getAttribute("data-step"));
  const when = async (happened: Promise<unknown>) => (await happened, since());

  const curve = page
    .getByRole("figure", { name: "Denoising loss by training step" })
    .locator("path.run-line[d^=M]")
    .first();
  const grid = page.getByRole("img", { name: /^Sample 1: / });
  const caching = status.locator("[data-total]");
  // caches are shown once their filling has begun, and no longer once they are full
  const stepped = page.locator('[data-step]:not([data-step="0"])').first();
  const full = Promise.race([caching.waitFor({ timeout }), stepped.waitFor({ timeout })]).then(() =>
    caching.waitFor({ state: "detached", timeout }),
  );
  const fullThen = full.then(async () => ({ at: since(), step: await step() }));
  const [firstStep, firstCurve, firstGrid, caches] = await Promise.all([
    when(stepped.waitFor({ timeout })),
    when(curve.waitFor({ timeout })),
    when(grid.waitFor({ timeout })),
    fullThen,
  ]);
  const heading = await page.getByRole("figure", { name: "Samples by training step" }).innerText();
  return {
    ...{ usable, firstStep, firstCurve, firstGrid },
    gridStep: Number(/of step (\d+)/.exec(heading)?.[1]),
    fullCaches: caches.at,
    stepThen: caches.step,
    adapter: (await status.innerText()).replaceAll(/\s+/g, " "),
  };
}

if (values.dist === undefined) await ensureBuilt();
const outDir = values.dist === undefined ? undefined : resolve(values.dist);
const server = await serveBuilt(outDir === undefined ? {} : { outDir });
const profile = await mkdtemp(join(tmpdir(), "first-minute-"));
try {
  for (const name of ["cold", "warm"]) {
    const { context, origin } = await openBrowser({ profile, backend }, server.url);
    const page = await context.newPage();
    const { adapter, ...times } = await visit(
      page,
      `${origin}?preset=${values.preset}&backend=${backend}`,
    );
    console.log(
      name,
      JSON.stringify(times, (_, value: unknown) =>
        typeof value === "number" ? Math.round(value) : value,
      ),
    );
    console.log(`  status: ${adapter}`);
    await page.getByRole("button", { name: "Stop", exact: true }).click();
    await page.getByRole("status", { name: "Run" }).waitFor();
    await page.waitForTimeout(3000); // the run's end is stored
    await context.close();
  }
} finally {
  await server.close();
  await rm(profile, { recursive: true, force: true });
}

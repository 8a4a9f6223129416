/**
 * Pictures of the studio for the documentation, from a run that was really made:
 * `npm run screenshots -- PROFILE OUT`, PROFILE being the folder an `npm run headless` was given
 * as --state.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ensureBuilt, serveBuilt } from "./builtApp.mjs";
import { openBrowser } from "./headless/browser";

const SHOTS = [
  { name: "studio-light", width: 1440, height: 900, scheme: "light" },
  { name: "studio-dark", width: 1440, height: 900, scheme: "dark" },
  { name: "studio-small-light", width: 1024, height: 768, scheme: "light" },
  { name: "studio-small-dark", width: 1024, height: 768, scheme: "dark" },
] as const;

/** Long enough for charts off the first screen to be drawn by their queue. */
const SETTLE_MS = 3_000;

const [profile, out] = process.argv.slice(2);
if (!profile || !out) throw new Error("usage: npm run screenshots -- PROFILE OUT");
await mkdir(out, { recursive: true });
await ensureBuilt();
const server = await serveBuilt();
const { context, origin } = await openBrowser({ profile, backend: "wasm" }, server.url);
const page = await context.newPage();
for (const { name, width, height, scheme } of SHOTS) {
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: scheme });
  await page.goto(`${origin}?backend=wasm`);
  await page.getByRole("figure", { name: "Denoising loss by training step" }).waitFor();
  await page.waitForTimeout(SETTLE_MS);
  await page.screenshot({ path: join(out, `${name}.png`) });
}
await context.close();
await server.close();

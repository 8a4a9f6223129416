import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import manifest from "../../package.json" with { type: "json" };
import type { NodePlaces } from "../../scripts/node/places";
import { StudioError } from "../../src/common/errors/studioError";

/** Where the check finds its parts: in the unpacked folder, or in a checkout. */
export interface CheckPlaces {
  /** The package `webgpu`: its index.js, with Dawn's binary below. */
  readonly dawn: string;
  /** Folder of tfjs' wasm binaries. */
  readonly wasm: string;
  /** Folder with the parts of its threaded binary. */
  readonly wasmThreads: string;
  /** Built-in images and weights: emoji/ and models/. */
  readonly data: string;
  /** Folders of reference numbers. */
  readonly goldens: string;
  /** The built page; its public files may be missing and are then taken from `data`. */
  readonly site: string;
  /** The module that the package `playwright-core` exports. */
  readonly playwright: string;
  /** The PyTorch side of the stage "steps". */
  readonly torch: string;
}

/** An unpacked folder. What a lean one leaves out comes from a checkout. */
export const packedPlaces = (root: string, checkout: string | undefined): CheckPlaces => ({
  dawn: join(root, "webgpu", "index.js"),
  wasm: join(root, "wasm"),
  wasmThreads: join(root, "wasm"),
  data: checkout ? join(checkout, "public") : join(root, "public"),
  goldens: checkout ? join(checkout, "test", "golden") : join(root, "golden"),
  site: join(root, "site"),
  playwright: join(root, "playwright-core", "index.mjs"),
  torch: join(root, "torchStep.py"),
});

/** A checkout with its packages installed and its page built. */
export function checkoutPlaces(root: string): CheckPlaces {
  const packages = join(root, "node_modules");
  return {
    dawn: join(packages, "webgpu", "index.js"),
    wasm: join(packages, "@tensorflow", "tfjs-backend-wasm", "dist"),
    wasmThreads: join(packages, "@tensorflow", "tfjs-backend-wasm", "wasm-out"),
    data: join(root, "public"),
    goldens: join(root, "test", "golden"),
    site: join(root, "dist"),
    playwright: join(packages, "playwright-core", "index.mjs"),
    torch: join(root, "bench", "gpuCheck", "torchStep.py"),
  };
}

/** @throws StudioError BAD_CONFIG that names what is missing */
export function requirePlaces(places: CheckPlaces): void {
  const needed = { ...places, site: places.data }; // the page is needed by one stage, which says so itself
  const missing = Object.values(needed).filter((path) => !existsSync(path));
  if (missing.length === 0) return;
  throw new StudioError(
    "BAD_CONFIG",
    `Missing: ${missing.join(", ")}.`,
    "A lean pack takes data and reference numbers from a checkout: add --checkout DIR. Otherwise unpack it again.",
  );
}

/** Beside this program: an unpacked folder has its node binary there; in a checkout it is bundled to .cache/scripts. */
export function findPlaces(checkout: string | undefined): CheckPlaces {
  const here = dirname(fileURLToPath(import.meta.url));
  if (existsSync(join(here, "gpu-check"))) return packedPlaces(here, checkout);
  return checkoutPlaces(checkout ?? join(here, "..", ".."));
}

/** The same places as sessions in Node name them. */
export const nodePlaces = (
  { wasm, wasmThreads, dawn, data }: CheckPlaces,
  adapter: string,
): NodePlaces => ({
  wasm,
  wasmThreads,
  dawn,
  adapter,
  emoji: join(data, "emoji"),
  models: join(data, "models"),
  codeVersion: manifest.version,
});

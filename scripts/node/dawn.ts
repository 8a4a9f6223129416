import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { StudioError } from "../../src/common/errors/studioError";
import { ADAPTERS, DRIVERS } from "./adapters";
import { extendNavigator } from "./navigator";

/** What the package `webgpu` exports. */
interface Dawn {
  readonly create: (flags: string[]) => GPU;
  readonly globals: Record<string, unknown>;
}

/** Held for the process's lifetime: devices use the instance behind it, and a collected one takes them along. */
let kept: GPU | undefined;

/** The package's own module in a checkout; it finds its binary beside its own file, so it is not bundled. */
export const checkoutDawn = (root: string): string =>
  createRequire(join(root, "package.json")).resolve("webgpu");

async function loadDawn(module: string): Promise<Dawn> {
  if (module.endsWith(".node")) return createRequire(import.meta.url)(module) as Dawn;
  return (await import(pathToFileURL(module).href)) as Dawn;
}

/**
 * Puts Dawn's `navigator.gpu` and the API's classes in place, on the named Vulkan driver. A second call in a process
 * returns the first one's: the driver is chosen when Dawn starts.
 * @param adapter one of ADAPTERS (adapters.ts)
 * @param module the package `webgpu`'s index.js, or Dawn's binary (dawn.node) itself
 * @param flags Dawn's own, such as "disable-dawn-features=timestamp_quantization"
 * @throws StudioError NO_WEBGPU when the driver is not installed or Dawn cannot be loaded
 */
export async function startDawn(
  adapter: string,
  module: string,
  flags: readonly string[] = [],
): Promise<GPU> {
  if (kept) return kept;
  if (adapter !== "default") {
    const manifest = (DRIVERS[adapter] ?? []).find((path) => existsSync(path));
    if (!manifest) {
      throw new StudioError(
        "NO_WEBGPU",
        `The Vulkan driver "${adapter}" is not installed.`,
        `Choose --adapter ${ADAPTERS.join(", or ")}.`,
      );
    }
    process.env.VK_ICD_FILENAMES = manifest;
    process.env.VK_DRIVER_FILES = manifest;
  }
  try {
    const { create, globals } = await loadDawn(module);
    kept = create([...flags]);
    Object.assign(globalThis, globals);
  } catch (cause) {
    throw new StudioError(
      "NO_WEBGPU",
      `Dawn could not be loaded from ${module}: ${cause instanceof Error ? cause.message : String(cause)}`,
      "Install the packages (npm ci), or take --backend wasm.",
      { cause },
    );
  }
  extendNavigator({ gpu: kept });
  return kept;
}

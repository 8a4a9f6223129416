import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { StudioError } from "../../src/errors/studioError";

/** Vulkan drivers by name, where distributions put their manifests. */
const DRIVERS: Readonly<Record<string, readonly string[]>> = {
  lavapipe: [
    "/usr/share/vulkan/icd.d/lvp_icd.json",
    "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json",
    "/usr/share/vulkan/icd.d/lvp_icd.aarch64.json",
  ],
  swiftshader: [
    join(
      dirname(process.env.CHROMIUM_PATH ?? "/usr/lib/chromium/chromium"),
      "vk_swiftshader_icd.json",
    ),
    "/usr/lib/chromium/vk_swiftshader_icd.json",
    "/opt/google/chrome/vk_swiftshader_icd.json",
  ],
};

/** What the package `webgpu` exports. */
interface Dawn {
  readonly create: (flags: string[]) => GPU;
  readonly globals: Record<string, unknown>;
}

/**
 * Puts Dawn's `navigator.gpu` and the API's classes in place, on the named Vulkan driver.
 * @param adapter "lavapipe", "swiftshader", or "default" for whatever the system has
 * @throws StudioError NO_WEBGPU when the driver is not installed
 */
export async function startDawn(adapter: string): Promise<GPU> {
  if (adapter !== "default") {
    const manifest = (DRIVERS[adapter] ?? []).find((path) => existsSync(path));
    if (!manifest) {
      throw new StudioError(
        "NO_WEBGPU",
        `The Vulkan driver "${adapter}" is not installed.`,
        `Choose --adapter default, or one of: ${Object.keys(DRIVERS).join(", ")}.`,
      );
    }
    process.env.VK_ICD_FILENAMES = manifest;
    process.env.VK_DRIVER_FILES = manifest;
  }
  // not bundled: it finds its binary beside its own file
  const path = createRequire(resolve("package.json")).resolve("webgpu");
  const { create, globals } = (await import(pathToFileURL(path).href)) as Dawn;
  const gpu = create([]);
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, "navigator", {
    value: { gpu, userAgent: "node" },
    configurable: true,
  });
  return gpu;
}

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Folders in which the loader, or a driver that came another way, keeps its manifests. */
const MANIFEST_FOLDERS = [
  "/usr/share/vulkan/icd.d",
  "/etc/vulkan/icd.d",
  "/usr/local/share/vulkan/icd.d",
  "/usr/local/nvidia/share/vulkan/icd.d",
];

/** What of Vulkan is installed here. */
export interface VulkanFound {
  /** Path of libvulkan.so.1, or null. */
  readonly loader: string | null;
  /** Manifests of drivers. */
  readonly drivers: readonly string[];
  /** What to install; null when both are here. */
  readonly advice: string | null;
}

function loaderPath(): string | null {
  const listed = spawnSync("ldconfig", ["-p"], { encoding: "utf8" });
  const line = /libvulkan\.so\.1 .*=> (\S+)/.exec(listed.error ? "" : listed.stdout);
  if (line?.[1]) return line[1];
  const folders = [
    ...(process.env.LD_LIBRARY_PATH ?? "").split(":").filter(Boolean),
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib64",
    "/usr/local/lib",
  ];
  return folders.map((folder) => join(folder, "libvulkan.so.1")).find(existsSync) ?? null;
}

function driverManifests(): string[] {
  const named = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;
  if (named) return named.split(":").filter(existsSync);
  return MANIFEST_FOLDERS.filter(existsSync).flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .map((name) => join(folder, name)),
  );
}

const INSTALL_LOADER =
  "Install the Vulkan loader: apt-get install libvulkan1 (Debian, Ubuntu), dnf install vulkan-loader (Fedora).";
const INSTALL_DRIVER =
  "Install the GPU's Vulkan driver (NVIDIA: part of the driver package, in containers with NVIDIA_DRIVER_CAPABILITIES=graphics; AMD and Intel: mesa-vulkan-drivers), or name its manifest: VK_DRIVER_FILES=/path/to/icd.json.";

/** Looks for the loader and for drivers, as the loader would. */
export function findVulkan(): VulkanFound {
  const [loader, drivers] = [loaderPath(), driverManifests()];
  const advice = [loader ? "" : INSTALL_LOADER, drivers.length > 0 ? "" : INSTALL_DRIVER];
  return { loader, drivers, advice: advice.filter(Boolean).join(" ") || null };
}

/**
 * Names every manifest found to the loader, unless somebody did: it does not look everywhere a driver's
 * installer may have put one. To be called before Dawn is loaded.
 */
export function nameDrivers({ drivers }: VulkanFound): void {
  const named = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;
  if (named === undefined && drivers.length > 0) process.env.VK_DRIVER_FILES = drivers.join(":");
}

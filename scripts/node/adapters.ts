import { dirname, join } from "node:path";

/** Vulkan drivers by name, where distributions put their manifests. */
export const DRIVERS: Readonly<Record<string, readonly string[]>> = {
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

/** "default" is whatever the system has. */
export const ADAPTERS: readonly string[] = ["default", ...Object.keys(DRIVERS)];

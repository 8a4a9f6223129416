import { existsSync } from "node:fs";

/** Where distributions put Chromium or Chrome; the first that exists is used before Playwright's own. */
const SYSTEM_BROWSERS = [
  process.env.CHROMIUM_PATH,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** @returns the path of an installed Chromium-family browser, or undefined when Playwright's own must serve */
export function systemChromium() {
  return SYSTEM_BROWSERS.find((path) => path && existsSync(path));
}

/** True when the run was asked to use a real adapter (`npm run test:e2e:gpu`). */
export const wantsRealGpu = () => process.env.REPA_GPU === "1";

const COMMON_ARGS = [
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--enable-unsafe-webgpu",
];

/**
 * Launch options for a Chromium with WebGPU.
 * Without a GPU the software adapter SwiftShader stands in: correct but slow.
 * @param {{ webgpu?: boolean }} [options] webgpu false gives a browser without any adapter
 */
export function chromiumLaunch({ webgpu = true } = {}) {
  const executablePath = systemChromium();
  const real = wantsRealGpu();
  const args = webgpu
    ? [
        ...COMMON_ARGS,
        ...(real ? ["--enable-features=Vulkan"] : ["--use-webgpu-adapter=swiftshader"]),
      ]
    : [
        ...COMMON_ARGS.filter((arg) => arg !== "--enable-unsafe-webgpu"),
        "--disable-features=WebGPU,WebGPUService",
      ];
  return {
    // Playwright's own: the full browser, because its headless shell is another build
    ...(executablePath ? { executablePath } : { channel: "chromium" }),
    headless: !real,
    args: [...args, ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
  };
}

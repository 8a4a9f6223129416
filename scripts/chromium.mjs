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
 * The address bar's list is a page of the browser's own, loaded twice for every new context: two thirds of what opening an
 * empty one costs. The others are Playwright's, named again because Chromium reads the last such list alone.
 */
const FEATURES_OFF = [
  "WebUIOmniboxPopup",
  "WebUIOmniboxAimPopup",
  "AimEnabled",
  "AvoidCorsURLLoaderRestartOnRedirect",
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "DestroyProfileOnBrowserClose",
  "HttpsFirstBalancedModeAutoEnable",
  "HttpsUpgrades",
  "LensOverlay",
  "MediaRouter",
  "NetworkTimeServiceQuerying",
  "OptimizationHints",
  "PaintHolding",
  "PreconnectToSearch",
  "ThirdPartyStoragePartitioning",
];
const disabled = (...features) => `--disable-features=${[...FEATURES_OFF, ...features].join(",")}`;

/**
 * A real adapter. On Linux: Vulkan under WebGPU and under the page's own drawing, on cards that Chromium's list of blocked
 * drivers does not know, and drawing into no window where none is opened. Other systems need nothing.
 * @param {boolean} inWindow
 * @returns {readonly string[]}
 */
const realGpuArgs = (inWindow) =>
  process.platform === "linux"
    ? [
        "--enable-features=Vulkan",
        "--use-angle=vulkan",
        "--ignore-gpu-blocklist",
        ...(inWindow ? [] : ["--disable-vulkan-surface"]),
      ]
    : [];

/**
 * The software adapter that Chromium brings along: correct but slow. The page is drawn without it: distributions may turn
 * drawing by a GPU on, and a software one takes longer than none.
 */
const SOFTWARE_GPU_ARGS = [
  "--use-webgpu-adapter=swiftshader",
  "--disable-gpu-rasterization",
  "--disable-gpu-compositing",
];

/** Whether a window can be opened here. */
const hasDisplay = () =>
  process.platform !== "linux" || Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY);

/**
 * Launch options for a Chromium with WebGPU.
 * Without a GPU the software adapter SwiftShader stands in: correct but slow. A real one is used in a window where
 * there is a display, because that is what people see.
 * @param {{ webgpu?: boolean, real?: boolean, inWindow?: boolean }} [options] webgpu false gives a browser without any
 *   adapter; real and inWindow are found out unless they are said
 */
export function chromiumLaunch({
  webgpu = true,
  real = wantsRealGpu(),
  inWindow = real && hasDisplay(),
} = {}) {
  const executablePath = systemChromium();
  const args = webgpu
    ? [...COMMON_ARGS, disabled(), ...(real ? realGpuArgs(inWindow) : SOFTWARE_GPU_ARGS)]
    : [
        ...COMMON_ARGS.filter((arg) => arg !== "--enable-unsafe-webgpu"),
        disabled("WebGPU", "WebGPUService"),
      ];
  return {
    // Playwright's own: the full browser, because its headless shell is another build
    ...(executablePath ? { executablePath } : { channel: "chromium" }),
    headless: !inWindow,
    args: [...args, ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
  };
}

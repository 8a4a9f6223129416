import type { BrowserContext } from "playwright";
import type { BackendChoice } from "../../src/common/protocol/shared";
import { chromiumLaunch } from "../chromium.mjs";

/**
 * The origin the page is opened under. IndexedDB belongs to an origin, port included: a fixed name, mapped
 * to whatever port is free, lets a later command find an earlier one's run. `.localhost` is a secure
 * context, as WebGPU and shared memory demand.
 */
const ORIGIN_HOST = "headless.localhost";

/** Opens Chromium on a profile that outlives the process. @param served address of the built app */
export async function openBrowser(
  { profile, backend }: { readonly profile: string; readonly backend: BackendChoice },
  served: string,
): Promise<{ context: BrowserContext; origin: string }> {
  const { chromium } = await import("playwright"); // not loaded where no browser is used
  const launch = chromiumLaunch({ webgpu: backend === "auto" || backend === "webgpu" });
  const { port } = new URL(served);
  const context = await chromium.launchPersistentContext(profile, {
    ...launch,
    args: [...(launch.args ?? []), `--host-resolver-rules=MAP ${ORIGIN_HOST} localhost:${port}`],
    viewport: { width: 1440, height: 900 },
    // the script stops the run before the browser goes
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  return { context, origin: `http://${ORIGIN_HOST}/` };
}

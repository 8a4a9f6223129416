import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium, type Browser } from "playwright";
import { chromiumLaunch } from "../scripts/chromium.mjs";
import { servePage } from "./chromium";
import type {} from "./page/main";
import type { MetricsJob, MetricsJobResult } from "./page/messages";

const POLL_MS = 20;
const KB_PER_MB = 2 ** 10;

export interface WatchedJob extends MetricsJobResult {
  readonly cpuSeconds: number;
  /** Growth of the renderer's resident memory, features included. */
  readonly peakMb: number;
  readonly engine: string;
}

/** All renderers, because Chromium keeps a spare one: their ids and the processor seconds they have used. */
async function renderers(browser: Browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const found = processInfo.filter(({ type }) => type === "renderer");
  return {
    ids: found.map(({ id }) => id),
    cpuSeconds: found.reduce((sum, { cpuTime }) => sum + cpuTime, 0),
  };
}

/** Resident memory of a process in MB, from Linux's /proc. */
async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const kb = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kb === undefined) throw new Error(`/proc/${pid}/status has no VmRSS.`);
  return Number(kb) / KB_PER_MB;
}

/** One computation in a module worker of a fresh Chromium; the page does nothing but watch its own timer. */
export async function measureInChromium(job: MetricsJob): Promise<WatchedJob> {
  const server = await servePage();
  const browser = await chromium.launch(chromiumLaunch());
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    await page.goto(server.url);
    await page.waitForFunction(() => "runMetricsJob" in window);
    const { ids, cpuSeconds } = await renderers(browser);
    const resident = async () => {
      const each = await Promise.all(ids.map(residentMb));
      return each.reduce((sum, mb) => sum + mb, 0);
    };
    const before = await resident();
    const watched = { peak: before, over: false };
    const watching = (async () => {
      while (!watched.over) {
        watched.peak = Math.max(watched.peak, await resident());
        await sleep(POLL_MS);
      }
    })();
    const result = await page.evaluate((given) => window.runMetricsJob(given), job);
    watched.over = true;
    await watching;
    const after = await renderers(browser);
    return {
      ...result,
      cpuSeconds: after.cpuSeconds - cpuSeconds,
      peakMb: watched.peak - before,
      engine: `Chromium ${browser.version()}`,
    };
  } finally {
    await browser.close();
    await server.close();
  }
}

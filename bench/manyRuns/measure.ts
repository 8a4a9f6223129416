import type { Page } from "playwright";
import { mainThreadTasks } from "../../e2e/mainThreadTasks";

/** What a person waits for on a page of stored runs, in milliseconds. */
export interface PageTimes {
  /** From the address to the first paint, to a list of runs, and to a curve of every shown run in the first chart. */
  readonly firstPaint: number;
  readonly list: number;
  readonly curves: number;
  /** The longest task of the page's thread until then, by the clock. */
  readonly longestTask: number;
  /** From a key or a move of the pointer to the frame that shows it: 95 of 100 are not longer. */
  readonly scrub: number;
  readonly hover: number;
  /** From a press to the last change of any line on screen, the longest of five. */
  readonly hide: number;
  readonly show: number;
  readonly smoothing: number;
  readonly heapMb: number;
}

const LONGEST_MS = 180_000;
const FIRST_CHART = "Denoising loss by training step";
const PRESSES = 60;
const TOGGLES = 5;

const percentile95 = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(0.95 * sorted.length) - 1)] ?? NaN;
};

/** Gathers, from the first script on, long tasks and how long events took to be shown. Runs in the page. */
function observe(): void {
  const seen = { events: [] as { name: string; ms: number }[], longest: 0 };
  Object.assign(globalThis, { seen });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      seen.events.push({ name: entry.name, ms: entry.duration });
    }
  }).observe({ type: "event", durationThreshold: 16, buffered: true } as PerformanceObserverInit);
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) seen.longest = Math.max(seen.longest, duration);
  }).observe({ type: "longtask", buffered: true });
}

interface Seen {
  readonly seen: { events: { name: string; ms: number }[]; longest: number };
}

/** Durations of the events of one name while `act` ran; those under 16 ms, which the browser does not list, as 16. */
async function eventTimes(page: Page, name: string, count: number, act: () => Promise<void>) {
  await page.evaluate(() => void ((globalThis as unknown as Seen).seen.events = []));
  await act();
  await page.waitForTimeout(500);
  const listed = await page.evaluate((of) => {
    const { events } = (globalThis as unknown as Seen).seen;
    return events.flatMap((event) => (event.name === of ? [event.ms] : []));
  }, name);
  return [...listed, ...Array.from({ length: Math.max(0, count - listed.length) }, () => 16)];
}

/** From a press to the last change among the lines of figures; NaN where nothing changes. */
async function untilDrawn(page: Page, act: () => Promise<void>): Promise<number> {
  const watching = await page.evaluateHandle(() => {
    const times = { pressed: Infinity, drawn: NaN };
    const press = ({ timeStamp }: Event) => (times.pressed = Math.min(times.pressed, timeStamp));
    for (const name of ["pointerdown", "keydown"]) addEventListener(name, press, true);
    const watch = new MutationObserver((changes) => {
      const lines = changes.filter(
        ({ target }) => target instanceof Element && target.closest("figure svg") !== null,
      );
      if (lines.length > 0) requestAnimationFrame(() => (times.drawn = performance.now()));
    });
    watch.observe(document.body, { subtree: true, childList: true, attributes: true });
    return () => {
      watch.disconnect();
      return times.drawn - times.pressed;
    };
  });
  await act();
  await page.waitForTimeout(1500);
  return watching.evaluate((stop) => stop());
}

/** Opens the studio on what is stored and measures what its commands take. @param shown runs that figures draw */
export async function measurePage(page: Page, address: string, shown: number): Promise<PageTimes> {
  const timeout = LONGEST_MS;
  await page.addInitScript(observe);
  await page.goto(address);
  const since = () => page.evaluate(() => performance.now());
  await page
    .getByRole("region", { name: "Runs" })
    .getByRole("listitem")
    .first()
    .waitFor({ timeout });
  const list = await since();
  await page.waitForFunction(
    ([name, count]) =>
      [...document.querySelectorAll(`figure[aria-label="${name}"] svg .run-line`)].filter((line) =>
        /^M.*L/.test(line.getAttribute("d") ?? ""),
      ).length >= count,
    [FIRST_CHART, shown] as const,
    { timeout },
  );
  const curves = await since();
  await page.waitForTimeout(2000);
  const { firstPaint, longestTask } = await page.evaluate(() => ({
    firstPaint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
    longestTask: (globalThis as unknown as Seen).seen.longest,
  }));

  await page.getByRole("slider", { name: "Training step shown" }).focus();
  const scrub = await eventTimes(page, "keydown", PRESSES, async () => {
    for (let i = 0; i < PRESSES; i++) {
      await page.keyboard.press(i % 3 === 2 ? "ArrowRight" : "ArrowLeft");
      await page.waitForTimeout(40);
    }
  });
  const box = await page.getByRole("figure", { name: FIRST_CHART }).boundingBox();
  if (!box) throw new Error("the first chart is not on the screen");
  const hover = await eventTimes(page, "pointermove", PRESSES, async () => {
    for (let i = 0; i < PRESSES; i++) {
      await page.mouse.move(box.x + 80 + 3 * i, box.y + 100);
      await page.waitForTimeout(40);
    }
  });

  const eye = page
    .getByRole("region", { name: "Runs" })
    .getByRole("button", { name: /^Draw / })
    .nth(1);
  const hidden: number[] = [];
  const showing: number[] = [];
  const slider = page.getByRole("slider", { name: /^Smoothing/ });
  const smoothing: number[] = [];
  for (let i = 0; i < TOGGLES; i++) {
    if (shown > 1) {
      hidden.push(await untilDrawn(page, () => eye.click()));
      showing.push(await untilDrawn(page, () => eye.click()));
    }
    await slider.focus();
    smoothing.push(await untilDrawn(page, () => page.keyboard.press("ArrowLeft")));
  }
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("HeapProfiler.collectGarbage");
  const { usedSize } = await cdp.send("Runtime.getHeapUsage");
  return {
    ...{ firstPaint, list, curves, longestTask },
    ...{ scrub: percentile95(scrub), hover: percentile95(hover) },
    ...{ hide: Math.max(...hidden), show: Math.max(...showing), smoothing: Math.max(...smoothing) },
    heapMb: usedSize / 2 ** 20,
  };
}

/** How long a run trains beside the drawn ones, in ms. */
const TRAINED_MS = 15_000;

/**
 * The page's thread while a run trains and its points come in, with everything else drawn: the longest task, and what of it
 * was computed. On a CPU backend training takes every core, and a task waits for one.
 */
export async function measureTraining(page: Page): Promise<{ wallMs: number; cpuMs: number }> {
  const browser = page.context().browser();
  if (!browser) throw new Error("this browser cannot be traced");
  await page.getByRole("button", { name: "Train", exact: true }).click();
  await page.locator('[aria-label="Status"][data-step]:not([data-step="0"])').waitFor({
    timeout: LONGEST_MS,
  });
  await page.waitForTimeout(3000);
  const tasks = await mainThreadTasks(browser, page, () => page.waitForTimeout(TRAINED_MS));
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  const longest = (of: "wallMs" | "cpuMs") =>
    tasks.reduce((most, task) => Math.max(most, task[of]), 0);
  return { wallMs: longest("wallMs"), cpuMs: longest("cpuMs") };
}

import type { Page } from "@playwright/test";

export interface LongTask {
  /** Milliseconds since the page began to load. */
  readonly startMs: number;
  readonly ms: number;
}

declare global {
  interface Window {
    longTasks?: LongTask[];
  }
}

/** Records every task of the page's thread over 50 ms, from the next load on. */
export const recordLongTasks = (page: Page) =>
  page.addInitScript(() => {
    const tasks: LongTask[] = [];
    window.longTasks = tasks;
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) {
        tasks.push({ startMs: startTime, ms: duration });
      }
    }).observe({ type: "longtask", buffered: true });
  });

/** Long tasks that began after `fromMs`. */
export const longTasksSince = async (page: Page, fromMs: number): Promise<readonly LongTask[]> =>
  (await page.evaluate(() => window.longTasks ?? [])).filter((task) => task.startMs >= fromMs);

export const pageClockMs = (page: Page): Promise<number> => page.evaluate(() => performance.now());

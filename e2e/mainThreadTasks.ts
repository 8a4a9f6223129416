import type { Browser, Page } from "@playwright/test";

/** The part of Chromium's trace format that is read here; times are microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  /** Computing time of the thread itself: waiting for a core does not count. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

export interface ThreadTask {
  /** What the Long Tasks API would say. */
  readonly wallMs: number;
  /** What the page itself computed. */
  readonly cpuMs: number;
}

/** Starting a trace is itself work on the traced thread. */
const TRACE_START_US = 500_000;
/** A task is written when it ends, which is after it has answered whoever asked for it. */
const TRACE_END_MS = 300;

/**
 * Tasks of the page's main thread while `work` runs, from Chromium's own trace.
 * A trace tells what long-task entries do not: whether a task computed for so long, or stood waiting for a
 * core that training had.
 */
export async function mainThreadTasks(
  browser: Browser,
  page: Page,
  work: () => Promise<void>,
): Promise<readonly ThreadTask[]> {
  await browser.startTracing(page, { categories: ["toplevel", "__metadata"] });
  await work();
  await page.waitForTimeout(TRACE_END_MS);
  const trace = await browser.stopTracing();
  const { traceEvents } = JSON.parse(trace.toString("utf8")) as {
    readonly traceEvents: readonly TraceEvent[];
  };
  const mains = traceEvents
    .filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain")
    .map(({ pid, tid }) => `${pid}/${tid}`);
  const tasks = traceEvents.filter(
    ({ name, pid, tid, dur }) =>
      name === "ThreadControllerImpl::RunTask" &&
      dur !== undefined &&
      mains.includes(`${pid}/${tid}`),
  );
  if (tasks.length === 0) throw new Error("the trace has no task of the page's main thread");
  // a trace has hundreds of thousands of events: too many for the arguments of one call
  const startUs = traceEvents.reduce(
    (least, { ts = Infinity }) => (ts > 0 ? Math.min(least, ts) : least),
    Infinity,
  );
  return tasks
    .filter(({ ts }) => (ts ?? 0) > startUs + TRACE_START_US)
    .map(({ dur = 0, tdur = 0 }) => ({ wallMs: dur / 1000, cpuMs: tdur / 1000 }));
}

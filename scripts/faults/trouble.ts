import { setTimeout as sleep } from "node:timers/promises";
import type { BrowserContext, CDPSession, Page } from "playwright";

/**
 * What befalls a life before it ends: a worker dies; the disk is full; a write of the database is undone; the clock goes back a
 * day; the tab is frozen; there is no network; a second tab is opened.
 */
export const TROUBLES = [
  "worker dies",
  "disk full",
  "write fails",
  "clock back",
  "frozen",
  "offline",
  "second tab",
] as const;
export type TroubleKind = (typeof TROUBLES)[number];

export interface TroubledTab {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly origin: string;
}

/** Puts things right again. */
type Right = () => Promise<unknown>;

const DAY_MS = 86_400_000;

/** Runs in the page or in a worker, so it uses nothing from around it. */
function failOneWrite(): void {
  const { prototype } = IDBObjectStore;
  const put = Object.getOwnPropertyDescriptor(prototype, "put")?.value as IDBObjectStore["put"];
  prototype.put = function (this: IDBObjectStore, ...args) {
    prototype.put = put;
    const request = put.apply(this, args);
    this.transaction.abort(); // as when the disk refuses it
    return request;
  };
}
function moveClock(ms: number): void {
  const real = performance.timeOrigin;
  Date.now = () => Math.round(real + performance.now() - ms);
}

/** After so long a place does not answer: a thread that waits for work hears nothing until there is some. */
const ANSWER_MS = 1000;

/** Does the same in the page and in each of its workers; one that is gone meanwhile, or does not answer, is passed over. */
async function everywhere<T>(page: Page, work: (given: T) => void, given: T): Promise<void> {
  const places = [
    page.evaluate(work as never, given),
    ...page.workers().map((worker) => worker.evaluate(work as never, given)),
  ];
  await Promise.race([Promise.allSettled(places), sleep(ANSWER_MS)]);
}

async function withSession(page: Page, work: (session: CDPSession) => Promise<unknown>) {
  const session = await page.context().newCDPSession(page);
  await work(session);
  await session.detach();
}

/**
 * Makes trouble.
 * @param pick in [0, 1): which worker dies
 * @returns what puts it right
 */
export async function makeTrouble(
  kind: TroubleKind,
  { context, page, origin }: TroubledTab,
  pick: number,
): Promise<Right> {
  const nothing: Right = () => Promise.resolve();
  switch (kind) {
    case "worker dies": {
      const workers = page.workers();
      const worker = workers[Math.floor(pick * workers.length)];
      await Promise.race([worker?.evaluate(() => self.close()), sleep(ANSWER_MS)]);
      return nothing;
    }
    case "disk full": {
      const quota = (quotaSize?: number) =>
        withSession(page, (session) =>
          session.send("Storage.overrideQuotaForOrigin", {
            origin: new URL(origin).origin,
            ...(quotaSize !== undefined && { quotaSize }),
          }),
        );
      await quota(1);
      return quota;
    }
    case "write fails":
      await everywhere(page, failOneWrite, undefined);
      return nothing;
    case "clock back":
      await everywhere(page, moveClock, DAY_MS);
      return () => everywhere(page, moveClock, 0);
    case "frozen": {
      const state = (name: "frozen" | "active") =>
        withSession(page, (session) => session.send("Page.setWebLifecycleState", { state: name }));
      await state("frozen");
      return () => state("active");
    }
    case "offline":
      await context.setOffline(true);
      return () => context.setOffline(false);
    case "second tab": {
      const second = await context.newPage();
      await second.goto(`${origin}?backend=wasm`);
      return () => second.close();
    }
  }
}

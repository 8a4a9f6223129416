import { open, rm, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BrowserContext, CDPSession, Page } from "playwright";

/**
 * What befalls a life before it ends: a worker dies; the disk is full, where the campaign has a small one of its own; a write of the database is undone; the clock goes back a
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
  /** The browser's profile: what it stores is there. */
  readonly profile: string;
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

/** What is larger is not filled: it would take long, and others write there. */
const SMALL_DISK_BYTES = 2 ** 30;
const BALLAST_PART = new Uint8Array(2 ** 20);

/** Whether a folder is on a disk of its own that may be filled. */
export async function isSmallDisk(folder: string): Promise<boolean> {
  const { bsize, blocks } = await statfs(folder);
  return bsize * blocks <= SMALL_DISK_BYTES;
}

/**
 * Writes until the disk takes no more: DevTools' own quota does not reach IndexedDB. A large disk is left as it is.
 * @returns what makes room again
 */
async function fillDisk(folder: string): Promise<Right> {
  if (!(await isSmallDisk(folder))) return () => Promise.resolve();
  const path = join(folder, "ballast");
  const file = await open(path, "w");
  try {
    for (;;) await file.write(BALLAST_PART);
  } catch (thrown) {
    if (!(thrown instanceof Error && "code" in thrown && thrown.code === "ENOSPC")) throw thrown;
  } finally {
    await file.close();
  }
  return () => rm(path, { force: true });
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
  { context, page, origin, profile }: TroubledTab,
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
    case "disk full":
      return fillDisk(dirname(profile));
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

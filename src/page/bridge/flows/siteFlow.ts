import { toFailure } from "../../../common/errors/studioError";
import { siteFactsIn } from "../../../common/protocol/site";
import type { StudioStore } from "../../store/studioStore";
import { underWay } from "../../store/underWay";
import { isAnyTabBusy } from "../site/busyLock";
import { isolationStep } from "../site/isolation";
import { askSiteWorker, START_MS, startSiteWorker, within } from "../site/siteWorker";

/** The tab's mark that it was reloaded for isolation. */
const RELOADED = "repa-studio/reloaded-for-isolation";
/** A page that stays open asks for a newer version so often. */
const CHECK_MS = 60 * 60 * 1000;

export interface SiteSurroundings {
  readonly store: StudioStore;
  /** `navigator.serviceWorker`, which plain http and some private windows lack. */
  readonly container: ServiceWorkerContainer | undefined;
  readonly isolated: boolean;
  /** `sessionStorage`; throws where the browser refuses it. */
  readonly tabStorage: () => Storage;
  /** The site's folder, with its last slash. */
  readonly base: string;
  readonly reload: () => void;
  /** Resolves when the page is loaded to its end. */
  readonly loaded: () => Promise<void>;
  /** Whether somebody has pressed anything since the page was loaded. */
  readonly wasUsed: () => boolean;
}

export interface SiteFlow {
  /** Reads version, size and what is kept. */
  readonly read: () => Promise<void>;
  readonly keep: () => Promise<void>;
  readonly forget: () => Promise<void>;
  /** Takes the waiting version and reloads; refuses while something is under way in any tab. */
  readonly takeUpdate: () => Promise<void>;
  /** Sees to isolation, follows new versions, keeps the site after the first run. @returns ends it */
  readonly watch: () => () => void;
}

const messageOf = (thrown: unknown): string => toFailure(thrown).message;

/**
 * The site as a thing of its own: isolated where the host sends no headers, kept for use without a network, and
 * updated without getting in a run's way. A host that sends the headers needs no service worker, and gets one only when
 * the user asks to keep the site.
 */
export function createSiteFlow(around: SiteSurroundings): SiteFlow {
  const { store, container, base } = around;
  const set = (part: Parameters<ReturnType<typeof store.getState>["setSite"]>[0]) =>
    store.getState().setSite(part);
  let ended = false;
  let taking = false;

  const known = async () => container?.getRegistration(base);

  async function read(): Promise<void> {
    try {
      const active = (await known())?.active;
      if (active) {
        const reply = await askSiteWorker(active, { type: "state" });
        if (reply.type === "state") {
          const { kept, ...facts } = reply.state;
          set({ facts, kept });
          return;
        }
      }
      const response = await fetch(new URL("site.json", base));
      set({ facts: response.ok ? siteFactsIn(await response.json()) : null, kept: false });
    } catch {
      set({ kept: false }); // without a network, or on the development server, nobody can say how large it is
    }
  }

  async function keep(): Promise<void> {
    if (store.getState().site.keeping.status === "running") return;
    set({ keeping: { status: "running", doneBytes: 0 } });
    try {
      if (!container) throw new Error("the browser refuses service workers here");
      const registration = (await known()) ?? (await startSiteWorker(container, base));
      const { active } = await follow(registration);
      if (!active) throw new Error("the service worker has not started");
      const onProgress = (doneBytes: number) => set({ keeping: { status: "running", doneBytes } });
      const reply = await askSiteWorker(active, { type: "keep" }, onProgress);
      if (reply.type === "failed") throw new Error(reply.message);
      const { kept, ...facts } = reply.state;
      set({ facts, kept, keeping: { status: "none" } });
    } catch (thrown) {
      set({ keeping: { status: "failed", message: messageOf(thrown) } });
    }
  }

  async function forget(): Promise<void> {
    const active = (await known())?.active;
    if (!active) return;
    const reply = await askSiteWorker(active, { type: "forget" });
    if (reply.type === "failed") set({ keeping: { status: "failed", message: reply.message } });
    else set({ kept: reply.state.kept, keeping: { status: "none" } });
  }

  async function takeUpdate(): Promise<void> {
    const waiting = (await known())?.waiting;
    if (!waiting) {
      if (store.getState().site.update === "elsewhere") reloadAtRest();
      else set({ update: "none" });
      return;
    }
    const [what] = underWay(store.getState());
    if (what !== undefined) {
      set({ refusal: `Not while there is something under way (${what}).` });
      return;
    }
    if (await isAnyTabBusy()) {
      set({ refusal: "Not while something is under way in another tab of the studio." });
      return;
    }
    set({ update: "taking", refusal: null });
    taking = true;
    const changed = new Promise<void>((resolve) =>
      container?.addEventListener("controllerchange", () => resolve(), { once: true }),
    );
    waiting.postMessage({ type: "take" });
    try {
      await within(changed, START_MS, "the new version did not start");
      reloadAtRest();
    } catch (thrown) {
      taking = false;
      set({ update: "waiting", refusal: `${messageOf(thrown)}. It is used at the next visit.` });
    }
  }

  /** A run may have been started while the new version was waited for. */
  function reloadAtRest(): void {
    if (underWay(store.getState()).length === 0) around.reload();
    else set({ update: "elsewhere", refusal: "Reload the page when nothing is under way." });
  }

  const followed = new WeakSet<ServiceWorkerRegistration>();
  /** Notices a newer version: one that waits now, and each that is installed later. */
  async function follow(registration: ServiceWorkerRegistration) {
    const look = () => {
      if (registration.waiting && registration.active && !taking) set({ update: "waiting" });
    };
    if (!followed.has(registration)) {
      followed.add(registration);
      registration.addEventListener("updatefound", () =>
        registration.installing?.addEventListener("statechange", look),
      );
    }
    look();
    return Promise.resolve(registration);
  }

  /** @returns whether the tab was reloaded for isolation before; null when nobody can tell */
  function wasReloaded(): boolean | null {
    try {
      const storage = around.tabStorage();
      if (around.isolated) storage.removeItem(RELOADED);
      return storage.getItem(RELOADED) !== null;
    } catch {
      return null;
    }
  }

  async function isolate(): Promise<void> {
    const facts = { isolated: around.isolated, hasWorkers: container !== undefined };
    const step = isolationStep({ ...facts, reloaded: wasReloaded() });
    if (step.do === "goOn") set({ notIsolated: step.why });
    if (step.do !== "reload" || !container) return;
    try {
      await startSiteWorker(container, base);
      // reloaded while a reload with Shift is still under way, a page goes past the service worker again
      await around.loaded();
    } catch (thrown) {
      set({ notIsolated: messageOf(thrown) });
      return;
    }
    // not whether the settings changed: a stored run that is shown changes them too
    const touched = underWay(store.getState()).length > 0 || around.wasUsed();
    // whoever began something keeps it; the next visit is isolated
    if (touched || ended) {
      set({ notIsolated: "the page was in use before it could be" });
      return;
    }
    around.tabStorage().setItem(RELOADED, "yes");
    around.reload();
  }

  function watch(): () => void {
    const onController = () => {
      if (!taking && hadController) set({ update: "elsewhere" });
      hadController = true;
    };
    let hadController = container?.controller != null;
    container?.addEventListener("controllerchange", onController);
    const start = async () => {
      await isolate();
      const registration = await known();
      if (registration) await follow(registration);
    };
    const check = async () => {
      const registration = await known();
      if (registration)
        await follow(
          await within(
            registration.update().then(() => registration),
            START_MS,
            "no answer",
          ),
        );
    };
    // without a network there is no newer version
    void start().catch((thrown: unknown) => set({ notIsolated: messageOf(thrown) }));
    const timer = setInterval(() => void check().catch(() => undefined), CHECK_MS);
    const stop = store.subscribe(({ run: { phase } }, before) => {
      const finished = phase === "finished" && before.run.phase !== "finished";
      if (finished && before.run.phase !== "idle" && container?.controller) void keepOnce();
    });
    return () => {
      ended = true;
      clearInterval(timer);
      stop();
      container?.removeEventListener("controllerchange", onController);
    };
  }

  /** Where the service worker serves the page anyway, the first run that is finished keeps the site. */
  async function keepOnce(): Promise<void> {
    await read();
    const { kept, keeping } = store.getState().site;
    if (kept === false && keeping.status === "none") await keep();
  }

  return { read, keep, forget, takeUpdate, watch };
}

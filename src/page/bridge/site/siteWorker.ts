import type { SiteReply, SiteRequest } from "../../../common/protocol/site";

/** A service worker starts in some 10 ms; on a slow line its script is fetched first. */
export const START_MS = 60_000;
/** Between two replies: a file of 2 MB over a slow line. */
const REPLY_MS = 150_000;

/** Rejects with `what` when `work` takes longer. */
export function within<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} within ${ms / 1000} seconds`)), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Registers the site's service worker and waits until it is active. Rejects when the browser refuses it. */
export async function startSiteWorker(
  container: ServiceWorkerContainer,
  base: string,
): Promise<ServiceWorkerRegistration> {
  // "none": a server that lets files be cached for a day must not hide a new version for a day
  const options = { scope: base, updateViaCache: "none" } as const;
  const registered = await within(
    container.register(new URL("sw.js", base), options),
    START_MS,
    "the service worker was not installed",
  );
  if (registered.active) return registered;
  return within(container.ready, START_MS, "the service worker did not start");
}

/**
 * Asks the service worker.
 * @param onProgress hears how many bytes are stored
 * @returns the last reply; "failed" as well when there is none in time
 */
export function askSiteWorker(
  worker: ServiceWorker,
  request: SiteRequest,
  onProgress: (doneBytes: number) => void = () => undefined,
): Promise<Exclude<SiteReply, { type: "progress" }>> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = (reply: Exclude<SiteReply, { type: "progress" }>) => {
      clearTimeout(timer);
      port1.close();
      resolve(reply);
    };
    const expectReply = () => {
      clearTimeout(timer);
      const message = `the service worker did not answer within ${REPLY_MS / 1000} seconds`;
      timer = setTimeout(() => end({ type: "failed", message }), REPLY_MS);
    };
    port1.onmessage = ({ data }: MessageEvent<SiteReply>) => {
      if (data.type !== "progress") {
        end(data);
        return;
      }
      expectReply();
      onProgress(data.doneBytes);
    };
    expectReply();
    worker.postMessage(request, [port2]);
  });
}

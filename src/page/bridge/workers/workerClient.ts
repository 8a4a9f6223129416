import { wrap, type Remote } from "comlink";
import { StudioError, toFailure, type Failure } from "../../../common/errors/studioError";
import { STARTED } from "../../../common/protocol/started";
import type { Outcome } from "../../../common/protocol/shared";

export interface WorkerClient<Api> {
  /** Calls one method. When the worker dies every call, also one under way, resolves to a failure WORKER_FAILED. */
  readonly call: <T>(use: (api: Remote<Api>) => Promise<Outcome<T>>) => Promise<Outcome<T>>;
  /** The same for methods without a result. */
  readonly tell: (use: (api: Remote<Api>) => Promise<void>) => Promise<Outcome<null>>;
  /** Why the worker is gone, once it is. */
  readonly gone: Promise<Failure>;
  /** Ends the worker; calls under way resolve to WORKER_FAILED. */
  readonly terminate: () => void;
}

/** For a script to be fetched, over a slow line too, and to run. */
const START_MS = 120_000;

const RELOAD =
  "Reload the page; a run resumes from its last checkpoint. If it happens again, please report it.";

/** Of a script that was not fetched the browser tells nothing more. */
const CONNECTION = `Check the connection. ${RELOAD}`;

/**
 * Wraps a worker so that calls end with a failure when it dies, or never starts. Comlink would leave them pending.
 * @param startMs how long its script may take until it says that it is there
 */
export function createWorkerClient<Api>(
  name: string,
  worker: Worker,
  startMs = START_MS,
): WorkerClient<Api> {
  const api = wrap<Api>(worker);
  let end = () => worker.terminate();
  const gone = new Promise<Failure>((resolve) => {
    const report = (what: string, hint = RELOAD) => {
      clearTimeout(late);
      const message = `The ${name} worker stopped: ${what}`;
      resolve(toFailure(new StudioError("WORKER_FAILED", message, hint)));
    };
    const late = setTimeout(() => {
      worker.terminate();
      report(`its script did not start within ${startMs / 1000} seconds.`);
    }, startMs);
    end = () => {
      worker.terminate();
      report(
        "it was ended: it did not answer, or a run in it failed.",
        "Try again: what was stored is kept.",
      );
    };
    worker.addEventListener("message", ({ data }) => {
      if (data === STARTED) clearTimeout(late);
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      if (event.message) report(event.message);
      else report("its script did not load or threw while starting.", CONNECTION);
    });
    worker.addEventListener("messageerror", () => report("a message could not be read."));
  });
  const died = gone.then((failure): Outcome<never> => ({ ok: false, failure }));
  const guarded = async <T>(work: Promise<Outcome<T>>): Promise<Outcome<T>> => {
    try {
      return await Promise.race([work, died]);
    } catch (thrown) {
      return { ok: false, failure: toFailure(thrown) };
    }
  };
  return {
    call: (use) => guarded(use(api)),
    tell: (use) => guarded(use(api).then(() => ({ ok: true, value: null }))),
    gone,
    terminate: () => end(),
  };
}

import { wrap, type Remote } from "comlink";
import { StudioError, toFailure } from "../../../common/errors/studioError";
import type { Outcome } from "../../../common/protocol/shared";

export interface WorkerClient<Api> {
  /** Calls one method. When the worker dies every call, also one under way, resolves to a failure WORKER_FAILED. */
  readonly call: <T>(use: (api: Remote<Api>) => Promise<Outcome<T>>) => Promise<Outcome<T>>;
  /** The same for methods without a result. */
  readonly tell: (use: (api: Remote<Api>) => Promise<void>) => Promise<Outcome<null>>;
  /** Ends the worker; calls under way resolve to WORKER_FAILED. */
  readonly terminate: () => void;
}

const RELOAD =
  "Reload the page; a run resumes from its last checkpoint. If it happens again, please report it.";

/** Wraps a worker so that calls end with a failure when it dies. Comlink would leave them pending. */
export function createWorkerClient<Api>(name: string, worker: Worker): WorkerClient<Api> {
  const api = wrap<Api>(worker);
  let end = () => worker.terminate();
  const died = new Promise<Outcome<never>>((resolve) => {
    const report = (what: string, hint = RELOAD) => {
      const message = `The ${name} worker stopped: ${what}`;
      resolve({
        ok: false,
        failure: toFailure(new StudioError("WORKER_FAILED", message, hint)),
      });
    };
    end = () => {
      worker.terminate();
      report(
        "it was ended together with a run that failed.",
        "Try again: what was stored is kept.",
      );
    };
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      report(event.message || "its script did not load or threw while starting.");
    });
    worker.addEventListener("messageerror", () => report("a message could not be read."));
  });
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
    terminate: () => end(),
  };
}

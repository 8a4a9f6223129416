/** What is known when the page opens. */
export interface IsolationFacts {
  /** `crossOriginIsolated`: shared memory is allowed. */
  readonly isolated: boolean;
  /** The browser has service workers here; private windows and plain http have none. */
  readonly hasWorkers: boolean;
  /** This tab was reloaded for isolation before; null where the tab's storage is refused, so that nobody can tell. */
  readonly reloaded: boolean | null;
}

/** What to do about isolation. */
export type IsolationStep =
  /** It is there: whether the host's headers or the service worker gave it. */
  | { readonly do: "nothing" }
  /** The service worker adds the headers, from the next load on. */
  | { readonly do: "reload" }
  | { readonly do: "goOn"; readonly why: string };

/**
 * A page that is not isolated is reloaded through the service worker once. A page that was reloaded and is still not
 * isolated is left alone: the browser does not allow it, and would be reloaded for ever. (A reload with Shift goes past
 * the service worker, and in Chromium a reload that follows it at once may as well: the next plain load is isolated again, and
 * every isolated page removes the mark.)
 */
export function isolationStep({ isolated, hasWorkers, reloaded }: IsolationFacts): IsolationStep {
  if (isolated) return { do: "nothing" };
  if (!hasWorkers) return { do: "goOn", why: "the browser refuses service workers here" };
  if (reloaded === null) return { do: "goOn", why: "the browser refuses storage for this tab" };
  if (reloaded) return { do: "goOn", why: "the browser did not allow it after a reload" };
  return { do: "reload" };
}

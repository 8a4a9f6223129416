/** The smallest products of a small model have no more parts, and each thread has scratch memory of its own. */
export const MOST_WASM_THREADS = 8;

export interface ThreadPlaces {
  /** Whether threads can share memory here: in a page, cross-origin isolation. */
  readonly isolated: boolean;
  /** Logical cores as the browser or the system gives them; undefined or wrong in some browsers. */
  readonly cores: number | undefined;
}

/** Threads that compute on wasm, the calling one included: all logical cores, at most `MOST_WASM_THREADS`. */
export function wasmThreadCount({ isolated, cores = 1 }: ThreadPlaces): number {
  if (!isolated || !(cores >= 1)) return 1;
  return Math.min(Math.floor(cores), MOST_WASM_THREADS);
}

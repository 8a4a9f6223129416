/** How far a computation has come, in units of its own. */
export interface Progress {
  readonly done: number;
  readonly all: number;
}

/**
 * A long computation, in pieces: a generator that pauses after every block of arithmetic. `finish` runs it at
 * once, `runWork` lets a worker report and answer between two blocks; both give the same numbers.
 */
export type Work<T> = Generator<Progress, T, undefined>;

/** Called between two blocks and awaited. Throwing (a cancel) ends the computation with that error. */
export type ProgressHook = (done: number, all: number) => Promise<void> | void;

/** The result, computed without a pause. */
export function finish<T>(work: Work<T>): T {
  let step = work.next();
  while (step.done !== true) step = work.next();
  return step.value;
}

/** The result, with `progress` awaited after every block. @throws what `progress` throws */
export async function runWork<T>(work: Work<T>, progress: ProgressHook): Promise<T> {
  let step = work.next();
  while (step.done !== true) {
    await progress(step.value.done, step.value.all);
    step = work.next();
  }
  return step.value;
}

/** `work` as piece `index` of `count` of a larger computation: its progress is counted in pieces. */
export function* piece<T>(work: Work<T>, index: number, count: number): Work<T> {
  let step = work.next();
  while (step.done !== true) {
    yield { done: index + step.value.done / step.value.all, all: count };
    step = work.next();
  }
  return step.value;
}

/** `work` of each item in turn, as one computation. */
export function* eachOf<A, T>(
  items: readonly A[],
  work: (item: A, at: number) => Work<T>,
): Work<T[]> {
  const results: T[] = [];
  for (const [at, item] of items.entries()) {
    results.push(yield* piece(work(item, at), at, items.length));
  }
  return results;
}

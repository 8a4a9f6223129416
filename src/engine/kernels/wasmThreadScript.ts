/**
 * Words of the block of memory that threads share, each an int32:
 * - job: the number of the computation in its high half, and how many parts nobody has taken in its low half
 * - done: parts that are finished
 * - kernel: index of what computes a part
 * - place: address of its arguments
 * - scratch, stride: address of the scratch memory, and bytes of it for each thread
 */
export const POOL_WORDS = { job: 0, done: 1, kernel: 2, place: 3, scratch: 4, stride: 5 } as const;

/** Bits of `job` that count parts. */
export const PARTS_MASK = 0xffff;

/**
 * How often a thread looks for the next computation, or the calling one for the end of this one, before it sleeps: some
 * 50 µs, about the time between two kernels. Spinning longer would take cores from other workers.
 */
export const SPINS = 4000;

/** What a thread is given. */
export interface ThreadTask {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Address of the shared words. */
  readonly words: number;
  /** Number of this thread, from 1 on: 0 is the calling one. */
  readonly thread: number;
  /** Names of the kernels, in the order of their indexes. */
  readonly names: readonly string[];
}

/**
 * JavaScript of a function `serve(task)` that computes parts for ever. It is text because threads are started from a
 * blob in a page and by \`eval\` in Node: neither has this module.
 *
 * A thread takes a part by counting \`job\` down. Nobody waits for a thread that has taken none, so one that
 * the system does not run, because other programs have the cores, delays nothing.
 */
export const THREAD_SCRIPT = `
function serve({ module, memory, words: place, thread, names }) {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = names.map((name) => exports[name]);
  const words = new Int32Array(memory.buffer, place, ${Object.keys(POOL_WORDS).length});
  let spins = 0;
  for (;;) {
    const job = Atomics.load(words, ${POOL_WORDS.job});
    const left = job & ${PARTS_MASK};
    if (left === 0) {
      if (++spins > ${SPINS}) {
        Atomics.wait(words, ${POOL_WORDS.job}, job);
        spins = 0;
      }
      continue;
    }
    if (Atomics.compareExchange(words, ${POOL_WORDS.job}, job, job - 1) !== job) continue;
    spins = 0;
    const scratch = words[${POOL_WORDS.scratch}] + thread * words[${POOL_WORDS.stride}];
    kernels[words[${POOL_WORDS.kernel}]](words[${POOL_WORDS.place}], left - 1, scratch);
    Atomics.add(words, ${POOL_WORDS.done}, 1);
    Atomics.notify(words, ${POOL_WORDS.done});
  }
}`;

import { internalError } from "./internalError";
import { openAssembly } from "./wasmAssembler";
import type { WasmBackend } from "./wasmBackend";
import type { ArgumentTypes, WasmKernel } from "./wasmKernel";
import { addWasmKernels, WASM_KERNELS } from "./wasmKernelList";
import { PARTS_MASK, POOL_WORDS, SPINS, THREAD_SCRIPT, type ThreadTask } from "./wasmThreadScript";

interface KnownKernel {
  readonly index: number;
  readonly part: Part;
  readonly types: readonly (readonly [name: string, type: "i32" | "f32"])[];
}

type Part = (place: number, part: number, scratch: number) => void;

/** Values of a kernel's arguments. */
export type ArgumentValues<Types extends ArgumentTypes> = Readonly<Record<keyof Types, number>>;

/** Starts a thread that runs `serve(task)` of the script. It resolves when the thread takes part. */
export type StartThread = (script: string, task: ThreadTask) => Promise<void>;

/** Computes with this project's own WebAssembly kernels, on the memory of tfjs' backend. */
export interface WasmPool {
  /**
   * Computes all parts; returns when they are done.
   * @param scratchBytes memory that each thread needs for itself
   */
  readonly run: <Types extends ArgumentTypes>(
    kernel: WasmKernel<Types>,
    values: ArgumentValues<Types>,
    parts: number,
    scratchBytes?: number,
  ) => void;
  /** Threads that compute, the calling one included. */
  readonly threads: () => number;
  /** Whether the other threads rest, for measurements. */
  readonly computeAlone: (alone: boolean) => void;
  /** Starts `count` more threads. @throws StudioError INTERNAL where memory cannot be shared, and what kept one from starting */
  readonly startThreads: (count: number, start: StartThread) => Promise<void>;
}

const WORD_BYTES = 4;
/** More words than any kernel has arguments. */
const ARGUMENT_WORDS = 64;
/** Scratch begins at a multiple of it, so that no two threads share a cache line. */
const LINE_BYTES = 64;

function createPool(backend: WasmBackend): WasmPool {
  const { wasm } = backend;
  const memory = wasm.wasmMemory ?? wasm.asm.memory;
  const shared =
    typeof SharedArrayBuffer !== "undefined" && memory.buffer instanceof SharedArrayBuffer;
  const assembly = openAssembly();
  addWasmKernels(assembly);
  const module = new WebAssembly.Module(assembly.bytes(shared));
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const names = WASM_KERNELS.map(({ name }) => name);
  const kernels = new Map<unknown, KnownKernel>(
    WASM_KERNELS.map((kernel, index) => [
      kernel,
      { index, part: exports[kernel.name] as Part, types: Object.entries(kernel.types) },
    ]),
  );
  const malloc = (bytes: number) => wasm._malloc(bytes) >>> 0;
  const wordsPlace = malloc(LINE_BYTES);
  const place = malloc(ARGUMENT_WORDS * WORD_BYTES);
  const threads = { places: 1, count: 1, alone: false };
  const scratch = { place: 0, stride: 0, threads: 0 };
  // memory that is not shared gets a new buffer when it grows
  const words = () => new Int32Array(memory.buffer, wordsPlace, LINE_BYTES / WORD_BYTES);
  let job = 0;
  words().fill(0);

  function reserve(bytes: number) {
    const stride = Math.ceil(bytes / LINE_BYTES) * LINE_BYTES;
    if (stride <= scratch.stride && threads.places <= scratch.threads) return;
    if (scratch.place !== 0) wasm._free(scratch.place);
    scratch.stride = Math.max(stride, scratch.stride);
    scratch.threads = threads.places;
    scratch.place = malloc(scratch.stride * threads.places);
  }

  function shareOut(part: Part, index: number, parts: number) {
    const view = words();
    view[POOL_WORDS.kernel] = index;
    view[POOL_WORDS.place] = place;
    view[POOL_WORDS.scratch] = scratch.place;
    view[POOL_WORDS.stride] = scratch.stride;
    Atomics.store(view, POOL_WORDS.done, 0);
    job = (job + 1) & 0x7fff;
    const word = job * (PARTS_MASK + 1);
    Atomics.store(view, POOL_WORDS.job, word + parts);
    Atomics.notify(view, POOL_WORDS.job, parts - 1);
    for (;;) {
      const now = Atomics.load(view, POOL_WORDS.job);
      const left = now & PARTS_MASK;
      if (left === 0) break;
      if (Atomics.compareExchange(view, POOL_WORDS.job, now, now - 1) !== now) continue;
      part(place, left - 1, scratch.place);
      Atomics.add(view, POOL_WORDS.done, 1);
    }
    for (let spins = 0; ; spins++) {
      const done = Atomics.load(view, POOL_WORDS.done);
      if (done === parts) return;
      if (spins > SPINS) Atomics.wait(view, POOL_WORDS.done, done);
    }
  }

  return {
    run: (kernel, values, parts, scratchBytes = 0) => {
      const known = kernels.get(kernel);
      if (!known) throw internalError(`The kernel "${kernel.name}" is not in the module.`);
      reserve(scratchBytes);
      const ints = new Int32Array(memory.buffer, place, ARGUMENT_WORDS);
      const floats = new Float32Array(memory.buffer, place, ARGUMENT_WORDS);
      known.types.forEach(([name, type], i) => {
        if (type === "i32") ints[i] = values[name] ?? 0;
        else floats[i] = values[name] ?? 0;
      });
      if (threads.count > 1 && !threads.alone && parts > 1 && parts <= PARTS_MASK) {
        shareOut(known.part, known.index, parts);
      } else {
        for (let part = 0; part < parts; part++) known.part(place, part, scratch.place);
      }
    },
    threads: () => threads.count,
    computeAlone: (alone) => {
      threads.alone = alone;
    },
    startThreads: async (count, start) => {
      if (!shared) throw internalError("The backend's memory cannot be shared by threads.");
      const first = threads.places;
      threads.places += count; // room for their scratch before they take part
      const started = await Promise.allSettled(
        Array.from({ length: count }, (_, i) =>
          start(THREAD_SCRIPT, { module, memory, words: wordsPlace, thread: first + i, names }),
        ),
      );
      threads.count += started.filter(({ status }) => status === "fulfilled").length;
      for (const result of started) if (result.status === "rejected") throw result.reason;
    },
  };
}

const pools = new WeakMap<WasmBackend, WasmPool>();

/** The pool of a backend, made when it is first asked for. */
export function poolOf(backend: WasmBackend): WasmPool {
  const made = pools.get(backend) ?? createPool(backend);
  pools.set(backend, made);
  return made;
}

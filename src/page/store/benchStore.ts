import { createStore, type StoreApi } from "zustand/vanilla";
import type { Failure } from "../../common/errors/studioError";
import type { BenchProgress, BenchRequest, BenchResult } from "../../common/protocol/bench";

/** A result with the facts the page adds: what "Copy result" copies. */
export interface BenchRecord extends BenchResult {
  /** ISO 8601. */
  readonly date: string;
  readonly codeVersion: string;
  readonly userAgent: string;
}

/** The measurement behind `?bench`, from the request to its result. */
export interface BenchState {
  readonly request: BenchRequest;
  readonly phase: "idle" | "running" | "done" | "cancelled" | "failed";
  readonly progress: BenchProgress;
  /** Of the last measurement that was finished. */
  readonly result: BenchRecord | null;
  readonly failure: Failure | null;
  readonly setWorkload: (workload: string) => void;
  readonly begin: () => void;
  readonly progressed: (progress: BenchProgress) => void;
  readonly finish: (result: BenchRecord) => void;
  readonly cancelled: () => void;
  readonly fail: (failure: Failure) => void;
}

export type BenchStore = StoreApi<BenchState>;

const NOTHING_YET: BenchProgress = { text: "Starting", done: 0, all: 0 };

export const createBenchStore = (request: BenchRequest): BenchStore =>
  createStore<BenchState>((set) => ({
    request,
    phase: "idle",
    progress: NOTHING_YET,
    result: null,
    failure: null,
    // batch and steps of the address were meant for its workload
    setWorkload: (workload) => set({ request: { workload } }),
    begin: () => set({ phase: "running", progress: NOTHING_YET, result: null, failure: null }),
    progressed: (progress) => set({ progress }),
    finish: (result) => set({ phase: "done", result }),
    cancelled: () => set({ phase: "cancelled" }),
    fail: (failure) => set({ phase: "failed", failure }),
  }));

import { createContext, useContext, useEffect, useState } from "react";
import type { StudioState } from "../../store/studioStore";
import { useStudioStore } from "../useStudio";

/** Runs requested jobs one a frame, so that many charts never draw in one long task. */
export interface DrawQueue {
  /** @returns takes the request back, if it has not run yet */
  readonly request: (job: () => void) => () => void;
}

export function createDrawQueue(
  nextFrame: (run: () => void) => void = (run) => {
    // After the frame is painted: the render a job causes is then done before the next job starts.
    requestAnimationFrame(() => setTimeout(run, 0));
  },
): DrawQueue {
  const jobs = new Set<() => void>();
  let running = false;
  const pump = () => {
    const [job] = jobs;
    if (!job) {
      running = false;
      return;
    }
    jobs.delete(job);
    job();
    nextFrame(pump);
  };
  return {
    request: (job) => {
      jobs.add(job);
      if (!running) {
        running = true;
        nextFrame(pump);
      }
      return () => {
        jobs.delete(job);
      };
    },
  };
}

export const DrawQueueContext = createContext<DrawQueue | null>(null);

/**
 * What `select` returns, as it was when this component's turn last came: a batch of worker events wakes
 * no chart by itself. While `visible` is false nothing is requested: a chart scrolled away costs nothing.
 * @param select the same function at every call, returning the same object for the same state
 */
export function useDrawn<T>(select: (state: StudioState) => T, visible: boolean): T {
  const store = useStudioStore();
  const queue = useContext(DrawQueueContext);
  const [drawn, setDrawn] = useState(() => select(store.getState()));
  useEffect(() => {
    if (!visible || !queue) return undefined;
    const draw = () => setDrawn(() => select(store.getState()));
    const takeBack = queue.request(draw); // what changed while it was out of sight
    const unsubscribe = store.subscribe((state, before) => {
      if (!Object.is(select(state), select(before))) queue.request(draw);
    });
    return () => {
      unsubscribe();
      takeBack();
    };
  }, [store, queue, select, visible]);
  return drawn;
}

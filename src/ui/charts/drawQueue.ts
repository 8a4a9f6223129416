import { createContext, useContext, useEffect, useState } from "react";

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
 * `value` as it was when this component's turn last came. While `visible` is false nothing is requested:
 * a chart that is scrolled away costs nothing.
 */
export function useStaggered<T>(value: T, visible: boolean): T {
  const queue = useContext(DrawQueueContext);
  const [shown, setShown] = useState(() => value);
  useEffect(() => {
    if (!visible || !queue || Object.is(shown, value)) return undefined;
    return queue.request(() => setShown(() => value));
  }, [queue, shown, value, visible]);
  return queue ? shown : value;
}

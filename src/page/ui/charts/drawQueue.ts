import { createContext, useContext, useEffect, useState } from "react";
import { flushSync } from "react-dom";
import type { StudioState } from "../../store/studioStore";
import { useStudioStore } from "../useStudio";

/** Draws figures in turn, so that many of them never draw in one long task. */
export interface DrawQueue {
  /**
   * @param figure whose job it is: all jobs of a figure that wait are done together, and it is drawn once
   * @returns takes the request back, if it has not run yet
   */
  readonly request: (job: () => void, figure: object) => () => void;
}

export interface DrawParts {
  /** After the next frame is painted. */
  readonly nextFrame: (run: () => void) => void;
  /** Runs jobs and has what they changed on the page when it returns. */
  readonly draw: (jobs: () => void) => void;
  readonly nowMs: () => number;
}

/** Figures are drawn until so much of a frame is gone; the rest waits for the next one. */
const BUDGET_MS = 8;

const BROWSER: DrawParts = {
  nextFrame: (run) => requestAnimationFrame(() => setTimeout(run, 0)),
  draw: flushSync,
  nowMs: () => performance.now(),
};

export function createDrawQueue({ nextFrame, draw, nowMs }: DrawParts = BROWSER): DrawQueue {
  const figures = new Map<object, Set<() => void>>();
  let running = false;
  const drawFirst = () => {
    const [first] = figures;
    if (!first) return;
    const [figure, jobs] = first;
    figures.delete(figure);
    draw(() => {
      for (const job of jobs) job();
    });
  };
  const pump = () => {
    running = figures.size > 0;
    if (!running) return;
    const start = nowMs();
    try {
      do drawFirst();
      while (figures.size > 0 && nowMs() - start < BUDGET_MS);
    } finally {
      nextFrame(pump); // a figure that fails keeps no other from being drawn
    }
  };
  return {
    request: (job, figure) => {
      const jobs = figures.get(figure) ?? new Set();
      figures.set(figure, jobs.add(job));
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

/** A figure as its parts draw it. */
export interface SeenFigure {
  /** On screen, or close to it. */
  readonly visible: boolean;
  /** The same object for all of its parts. */
  readonly key: object;
}

/** What is no chart and is drawn wherever it is. */
export const ALWAYS_SEEN: SeenFigure = { visible: true, key: {} };

/**
 * What `select` returns, as it was when this component's turn last came: a batch of worker events wakes
 * no chart by itself. While its figure is not visible nothing is requested: a chart scrolled away costs nothing.
 * @param select the same function at every call, returning the same object for the same state
 */
export function useDrawn<T>(select: (state: StudioState) => T, { visible, key }: SeenFigure): T {
  const store = useStudioStore();
  const queue = useContext(DrawQueueContext);
  const [drawn, setDrawn] = useState(() => select(store.getState()));
  useEffect(() => {
    if (!visible || !queue) return undefined;
    const draw = () => setDrawn(() => select(store.getState()));
    const takeBack = queue.request(draw, key); // what changed while it was out of sight
    const unsubscribe = store.subscribe((state, before) => {
      if (!Object.is(select(state), select(before))) queue.request(draw, key);
    });
    return () => {
      unsubscribe();
      takeBack();
    };
  }, [store, queue, select, visible, key]);
  return drawn;
}

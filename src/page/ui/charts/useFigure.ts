import { liveChanges } from "../../../common/config/imageEntries";
import { useEffect, useMemo, useState } from "react";
import { markText } from "../explain/names";
import { selectOpenRun } from "../../store/figureRuns";
import { useDrawn, type SeenFigure } from "./drawQueue";
import { useStudio } from "../useStudio";
import type { PlotMark } from "./plotProps";
import { placeOf, type RunAxis } from "./runAxis";

/** A figure that knows whether it is on screen (or close): charts elsewhere draw nothing. */
export function useSeenFigure(): {
  readonly ref: (element: HTMLElement | null) => void;
  readonly figure: SeenFigure;
} {
  const [element, ref] = useState<HTMLElement | null>(null);
  const [visible, setVisible] = useState(true);
  useEffect(() => {
    if (!element) return undefined;
    const observer = new IntersectionObserver(
      ([entry]) => setVisible(entry?.isIntersecting ?? true),
      { rootMargin: "120px" },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return { ref, figure: useMemo(() => ({ visible, key: ref }), [visible]) };
}

/** The open run's live changes as marks on the axis. */
export function useTimelineMarks(figure: SeenFigure, axis: RunAxis): readonly PlotMark[] {
  const open = useDrawn(selectOpenRun, figure);
  const timeline = open?.timeline;
  return useMemo(
    () =>
      open
        ? liveChanges(open.timeline)
            .map(({ step, change }) => ({
              x: placeOf(axis.mode, open, step),
              label: markText(change),
            }))
            .filter(({ x }) => x >= axis.scale.domain[0] && x <= axis.scale.domain[1])
        : [],
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- the log grows, marks stay where they are
    [timeline, axis],
  );
}

/** The step readouts speak of: under the pointer, else at the cursor, else the newest (null). */
export const useReadoutStep = (): number | null =>
  useStudio((state) => state.hoverStep ?? state.cursorStep);

/** What an empty chart says, by what the run is doing; `later` is for charts of rare measurements. */
export function useEmptyText(later: string | null): string {
  const phase = useStudio((state) => state.run.phase);
  if (phase === "caching") return "Waiting for the caches";
  if (phase === "loading" || phase === "compiling") return "Waiting for the first step";
  if (later !== null) return later;
  return phase === "idle" ? "Starts with the first step" : "No step was logged";
}

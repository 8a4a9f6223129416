import { useEffect, useState, type ReactNode } from "react";
import type { RunStatus } from "../../store/runPhase";
import { formatDuration } from "../explain/format";

/** Phases a person waits in without a step or an image to count. */
const WAITED: ReadonlySet<RunStatus> = new Set(["loading", "compiling", "evaluating"]);
/** Shorter than this is no wait. */
const FROM_SECONDS = 3;

/** How long a phase has lasted, in words; empty where nobody waits. */
export function elapsedText(phase: RunStatus, seconds: number): string {
  return WAITED.has(phase) && seconds >= FROM_SECONDS ? formatDuration(Math.floor(seconds)) : "";
}

interface ElapsedProps {
  readonly phase: RunStatus;
  /** Draws the text. */
  readonly show: (text: string) => ReactNode;
}

/**
 * Counts the seconds of a phase, by the page's own clock: the worker may be busy within one operation. Give it the
 * phase as key, so that the next one starts at zero.
 */
export function Elapsed({ phase, show }: ElapsedProps) {
  const [startMs] = useState(() => performance.now());
  const [nowMs, setNowMs] = useState(startMs);
  useEffect(() => {
    if (!WAITED.has(phase)) return;
    const timer = setInterval(() => setNowMs(performance.now()), 1000);
    return () => clearInterval(timer);
  }, [phase]);
  const text = elapsedText(phase, (nowMs - startMs) / 1000);
  return text === "" ? null : show(text);
}

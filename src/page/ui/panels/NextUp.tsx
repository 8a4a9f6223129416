import { useEffect, useState } from "react";
import { z } from "zod";
import { isTimed, TIMED, waits, type PhaseSeconds } from "../../store/nextUp";
import type { RunStatus } from "../../store/runPhase";
import { selectStepMs } from "../../store/selectors";
import { formatDuration } from "../explain/format";
import { useStudio } from "../useStudio";
import classes from "./panels.module.css";

/** How long phases took the last time in this browser; not worth a database. */
const KEY = "repa-studio/phase-seconds";
const Stored = z.partialRecord(z.enum(TIMED), z.number().min(0).max(3600));

function readSeconds(): PhaseSeconds {
  try {
    return Stored.safeParse(JSON.parse(localStorage.getItem(KEY) ?? "{}")).data ?? {};
  } catch {
    return {}; // storage is refused, or holds something else
  }
}

function keepSeconds(seconds: PhaseSeconds): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...readSeconds(), ...seconds }));
  } catch {
    return; // without it a guess is shown
  }
}

/** Seconds since this was first drawn, once a second while the phase says nothing itself; how long it took is kept. */
function usePhaseSeconds(phase: RunStatus): number {
  const [elapsed, setElapsed] = useState(0);
  useEffect(() => {
    if (!isTimed(phase)) return;
    const startMs = performance.now();
    const seconds = () => (performance.now() - startMs) / 1000;
    const timer = setInterval(() => setElapsed(seconds()), 1000);
    return () => {
      clearInterval(timer);
      keepSeconds({ [phase]: seconds() });
    };
  }, [phase]);
  return elapsed;
}

/** What is waited for and how long still: images, loading, the first step, the next samples. */
export function NextUp() {
  const phase = useStudio((state) => state.run.phase);
  return <Waits key={phase} phase={phase} />;
}

function Waits({ phase }: { readonly phase: RunStatus }) {
  const run = useStudio((state) => state.run);
  const data = useStudio((state) => state.data);
  const stepMs = useStudio(selectStepMs);
  const elapsedSeconds = usePhaseSeconds(phase);
  const found = waits({ run, data }, { stepMs, elapsedSeconds, known: readSeconds() });
  return (
    <>
      {found.map(({ what, seconds, about }) => (
        <span key={what} className={classes.stat} aria-label={`Time to ${what}`}>
          <small>{what} in</small>
          {about ? "about " : ""}
          {formatDuration(Math.max(1, Math.ceil(seconds)))}
        </span>
      ))}
    </>
  );
}

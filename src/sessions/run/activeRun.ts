import { alignmentAt, ControlChange, type TimelineEntry } from "../../common/config/experiment";
import { differing } from "../../common/config/liveChange";
import { StudioError } from "../../common/errors/studioError";
import type { RunEvent } from "../../common/protocol/trainer";
import type { ActiveRun, LoadedRun } from "./loadRun";

/** What the requests need of a loaded run. */
type Served = Pick<LoadedRun, "experiment" | "timeline"> & {
  readonly shape: Pick<LoadedRun["shape"], "depth">;
  readonly model: Pick<LoadedRun["model"], "step">;
  readonly data: Pick<LoadedRun["data"], "features">;
  readonly reader: Pick<LoadedRun["reader"], "drain">;
  readonly journal: { readonly emit: (event: RunEvent) => void };
};

interface Storing {
  /** Stores the state that a change is made at, so that a fork can begin before it. Does not throw. */
  readonly keepForkPoint: () => Promise<void>;
  /** Writes the whole timeline into the run's record. */
  readonly storeTimeline: (timeline: readonly TimelineEntry[]) => Promise<void>;
  readonly encode: () => Promise<ArrayBuffer>;
}

export function createActiveRun(run: Served, storing: Storing): ActiveRun {
  const { keepForkPoint, storeTimeline, encode } = storing;
  const { experiment, timeline } = run;
  return {
    setControl: async (asked) => {
      const step = run.model.step() + 1;
      const change = differing(alignmentAt(experiment, timeline, step), ControlChange.parse(asked));
      if (!change) return null;
      assertEncoderDepth(run, change);
      await Promise.all((change.encoders ?? []).map((id) => run.data.features(id)));
      await keepForkPoint();
      const entry: TimelineEntry = { step, change };
      // after a resume, entries still to be replayed may follow
      const next = [...timeline, entry].sort((a, b) => a.step - b.step);
      // stored first: a change that is lost by a reload must not have been trained with
      await storeTimeline(next);
      timeline.splice(0, timeline.length, ...next);
      run.journal.emit({ type: "control", entry });
      return entry;
    },
    checkpoint: async () => {
      await run.reader.drain();
      return encode();
    },
  };
}

function assertEncoderDepth({ shape }: Served, { encoderDepth }: ControlChange): void {
  if (encoderDepth === undefined || encoderDepth <= shape.depth) return;
  throw new StudioError(
    "OUT_OF_RANGE",
    `Alignment depth ${encoderDepth} is not a block of this model: it has ${shape.depth}.`,
    `Choose an alignment depth from 1 to ${shape.depth}.`,
  );
}

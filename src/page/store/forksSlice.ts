import type { Experiment, TimelineEntry } from "../../common/config/experiment";
import type { ChangeMade } from "./forks";
import type { SetPart } from "./setPart";

/** What the fork dialog was opened for. */
export interface ForkQuestion {
  readonly runId: string;
  /** The live change that the fork is to be without. */
  readonly before: TimelineEntry | null;
}

/** The fork a person asks for. */
export interface ForkAsked {
  readonly runId: string;
  /** The checkpoint it begins from; 0 is the start. */
  readonly step: number;
  readonly before: TimelineEntry | null;
  /** The settings it is to have from its first own step on. */
  readonly wanted: Experiment;
  /** "now" stops what is under way first, which is kept; "afterwards" waits for it. */
  readonly begins: "now" | "afterwards" | "never";
}

/** A live change that was undone by a fork, until its notice is dismissed. */
export interface Undone {
  readonly made: ChangeMade;
  /** The run that was shown, stopped where it still trained, and is kept; `step` is where it was. */
  readonly kept: { readonly runId: string; readonly name: string; readonly step: number };
  /** The fork that goes on without the change, and after which step of the parent it began. */
  readonly fork: { readonly runId: string; readonly step: number };
}

export interface ForksState {
  readonly asked: ForkQuestion | null;
  /** Live changes that were made on this page and not undone, the newest last. */
  readonly made: readonly ChangeMade[];
  readonly undone: Undone | null;
  /** A fork is being made: it is not to be asked for twice. */
  readonly busy: boolean;
}

export interface ForksSlice {
  readonly forks: ForksState;
  /** Opens the dialog that makes forks, or closes it. */
  readonly askFork: (asked: ForkQuestion | null) => void;
  readonly recordChange: (made: ChangeMade) => void;
  readonly setForks: (change: Partial<Omit<ForksState, "asked">>) => void;
}

export const createForksSlice = (set: SetPart<Pick<ForksSlice, "forks">>): ForksSlice => ({
  forks: { asked: null, made: [], undone: null, busy: false },
  askFork: (asked) => set(({ forks }) => ({ forks: { ...forks, asked } })),
  recordChange: (made) =>
    set(({ forks }) => ({ forks: { ...forks, made: [...forks.made, made] } })),
  setForks: (change) => set(({ forks }) => ({ forks: { ...forks, ...change } })),
});

import type { StoredAnalysis } from "../../../common/protocol/analysis";
import type { SampleGrid } from "../../../common/protocol/trainer";
import type { AnalysedRun } from "../../store/analysisSlice";
import type { ShownSubject } from "./subjects";

/** All that a figure of the Analyse view can be drawn from. */
export interface FigureInput {
  readonly results: readonly StoredAnalysis[];
  readonly runs: readonly AnalysedRun[];
  readonly subjects: readonly ShownSubject[];
  /** Noise level, encoder and subject of the figures that show one; null or undefined when there is none. */
  readonly time: number | null;
  readonly encoder: string | null;
  readonly subject: ShownSubject | undefined;
  /** Whether the paper's values are shown. */
  readonly paper: boolean;
  /** Sample grids that were read so far, by run. */
  readonly grids: Readonly<Record<string, readonly SampleGrid[]>>;
}

/** What was chosen of a figure's readings: the option's id by the reading's label. */
export type Chosen = Readonly<Record<string, string>>;

/** A choice below a figure. */
export interface Reading {
  /** Names the control for screen readers. */
  readonly label: string;
  readonly look: "switch" | "menu";
  readonly options: readonly { readonly id: string; readonly name: string }[];
  readonly value: (chosen: Chosen) => string | null;
}

/** A switch between a few readings of one figure. */
export interface Switch<T extends string> extends Reading {
  readonly value: (chosen: Chosen) => T;
}

/** @param names each option's id and name, in the order of the switch */
export const switchOf = <T extends string>(
  label: string,
  names: readonly (readonly [T, string])[],
  initial: T,
): Switch<T> => ({
  label,
  look: "switch",
  options: names.map(([id, name]) => ({ id, name })),
  value: (chosen) => names.find(([id]) => id === chosen[label])?.[0] ?? initial,
});

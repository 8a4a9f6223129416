import type { Scale } from "./scale";

/** Room around the drawing area in px; the cursor overlay is placed by the same numbers. */
export const PLOT_MARGIN = { top: 10, right: 14, bottom: 0, left: 0 } as const;
export const Y_AXIS_WIDTH = 46;
export const PLOT_HEIGHT = 172;

export interface PlotRow {
  readonly x: number;
  readonly [series: string]: number | readonly [number, number] | undefined;
}

export interface PlotLine {
  readonly key: string;
  readonly color: string;
  readonly width?: number;
  readonly opacity?: number;
  readonly dashed?: boolean;
  readonly dots?: boolean;
  /** Written beside each dot. */
  readonly dotLabel?: { readonly text: string; readonly side: DotSide };
}

export type DotSide = "top" | "right" | "bottom" | "left";

/** [low, high] values under a key, drawn as a band. */
export interface PlotBand {
  readonly key: string;
  readonly color: string;
}

export interface PlotLevel {
  readonly value: number;
  readonly label: string;
  /** Not the user's own number: drawn in the paper's colour. */
  readonly paper?: boolean;
}

export interface PlotMark {
  readonly x: number;
  readonly label: string;
}

export interface PlotProps {
  readonly rows: readonly PlotRow[];
  readonly lines: readonly PlotLine[];
  readonly bands?: readonly PlotBand[];
  /** Range of reference runs behind everything: [x, low, high], at its own places on the axis. */
  readonly reference?: readonly (readonly [x: number, low: number, high: number])[];
  /** Horizontal lines: a floor, a chance level. */
  readonly levels?: readonly PlotLevel[];
  /** Vertical lines: changes of the run, an aligned block. */
  readonly marks: readonly PlotMark[];
  readonly x: Scale;
  readonly y: Scale;
  readonly log?: boolean;
  /** A logarithmic axis across. */
  readonly xLog?: boolean;
  /** A value that is not there breaks its line instead of being passed over. */
  readonly gaps?: boolean;
  /** What is across, where the title does not say it. */
  readonly xName?: string;
  /** Words in place of the ticks 1, 2, 3, ... */
  readonly xWords?: readonly string[];
  /** px; PLOT_HEIGHT when absent. */
  readonly height?: number;
}

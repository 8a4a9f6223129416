import type { LineFigure } from "./figure";
import type { Chosen, FigureInput, Reading } from "./figureInput";
import type { HeatFigure } from "./heatData";
import type { MapsFigure } from "./mapsData";
import type { SamplesFigure } from "./samplesData";
import type { StripsFigure } from "./strips";

export type Figure = LineFigure | HeatFigure | MapsFigure | SamplesFigure | StripsFigure;

/** One figure of the Analyse view: a row of `FIGURES`, from which the view, exports and tests are made. */
export interface FigureRow {
  /** Names the figure, with what was chosen. */
  readonly title: (chosen: Chosen) => string;
  /** The paper's figures or tables of the same kind: "Figures 2a, 3a". Null when the paper has none. */
  readonly paperFigure: string | null;
  /** Pure: results to what is drawn, its legend, note and table. */
  readonly build: (input: FigureInput, chosen: Chosen) => Figure;
  /** Spans all columns of the view. */
  readonly wide?: boolean;
  readonly readings?: (input: FigureInput) => readonly Reading[];
  /** False hides the figure. */
  readonly shownWhen?: (input: FigureInput) => boolean;
  /** Runs whose sample grids it draws. */
  readonly gridsOf?: (input: FigureInput, chosen: Chosen) => readonly string[];
}

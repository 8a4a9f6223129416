import { labelSides } from "../charts/dotLabels";
import type { PlotRow } from "../charts/plotProps";
import type { Scale } from "../charts/scale";
import type { Drawing } from "./figure";

/** About what a plot measures, px: labels are placed for it. */
const PLOT = { width: 380, height: 162 } as const;

export interface Point {
  readonly key: string;
  readonly label: string;
  readonly color: string;
  readonly x: number;
  readonly y: number;
}

/** Dots, each a series of its own with its label where there is room. */
export function scatter(
  points: readonly Point[],
  axes: { readonly x: Scale; readonly y: Scale },
  xName: string,
): Drawing {
  const share = (value: number, [from, to]: Scale["domain"]) => (value - from) / (to - from);
  const dots = points.map(({ x, y, label }) => ({
    label,
    x: PLOT.width * share(x, axes.x.domain),
    y: PLOT.height * share(y, axes.y.domain),
  }));
  const sides = labelSides(dots, PLOT);
  return {
    rows: points.map(({ key, x, y }): PlotRow => ({ x, [key]: y })),
    lines: points.map(({ key, color, label }, index) => {
      const side = sides[index];
      return {
        key,
        color,
        dots: true,
        width: 0,
        ...(side && { dotLabel: { text: label, side } }),
      };
    }),
    bands: [],
    levels: [],
    marks: [],
    ...axes,
    xName,
  };
}

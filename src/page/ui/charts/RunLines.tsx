import { memo, useMemo } from "react";
import { Plot } from "./Plot";
import type { PlotLine, PlotProps, PlotRow } from "./plotProps";
import type { Drawing, Point, RunBand, RunLine } from "./runLines";
import { shareOf, type RunAxis } from "./runAxis";
import type { Scale } from "./scale";
import classes from "./charts.module.css";

/** The drawing area in units of its own: stretched to the plot's, with lines as wide as they are. */
const SIZE = 10_000;

interface Axes {
  readonly x: Scale;
  readonly xLog: boolean;
  readonly y: Scale;
  readonly yLog: boolean;
}

/** Axes, marks and levels by Recharts, and the lines of all runs over them. */
export function RunPlot(
  props: Pick<PlotProps, "marks" | "levels" | "reference" | "y"> & {
    readonly axis: RunAxis;
    readonly drawing: Drawing;
    readonly yLog: boolean;
  },
) {
  const { axis, drawing, y, yLog, ...frame } = props;
  const { scale, log } = axis;
  return (
    <>
      <Plot {...frame} rows={NO_ROWS} lines={NO_LINES} x={scale} xLog={log} y={y} log={yLog} />
      <RunLines drawing={drawing} x={scale} xLog={log} y={y} yLog={yLog} />
    </>
  );
}

const NO_ROWS: readonly PlotRow[] = [];
const NO_LINES: readonly PlotLine[] = [];

/**
 * Lines of any number of runs over a Recharts plot's axes, in its coordinates: one path a line. Nothing is measured, and
 * another run, another point or another width draws no axis again.
 */
const RunLines = memo(function RunLines(props: Axes & { readonly drawing: Drawing }) {
  const { drawing, x, xLog, y, yLog } = props;
  const axes = useMemo(() => ({ x, xLog, y, yLog }), [x, xLog, y, yLog]);
  return (
    <svg
      className={classes.runs}
      viewBox={`0 0 ${SIZE} ${SIZE}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {drawing.bands.map(({ key, color, points }) => (
        <path key={key} d={bandPath(points, axes)} fill={color} fillOpacity={0.14} stroke="none" />
      ))}
      {drawing.lines.map((line) => (
        <Line key={line.key} line={line} axes={axes} />
      ))}
    </svg>
  );
});

/** Made again for another line or other axes alone, not for a point of another run. */
const Line = memo(function Line({ line, axes }: { readonly line: RunLine; readonly axes: Axes }) {
  const { color, width, opacity = 1, dashed = false, dots = false, points } = line;
  const stroke = { stroke: color, strokeOpacity: opacity, fill: "none" } as const;
  const holes = points.filter(([, y]) => !Number.isFinite(y));
  return (
    <>
      <path
        className="run-line"
        data-run={line.key}
        d={linePath(points, axes)}
        {...stroke}
        strokeWidth={width}
        strokeLinejoin="round"
        vectorEffect="non-scaling-stroke"
        {...(dashed && { strokeDasharray: "6 3" })}
      />
      {dots && (
        <path
          d={dotsPath(points, axes)}
          {...stroke}
          strokeWidth={4.6}
          strokeLinecap="round"
          vectorEffect="non-scaling-stroke"
        />
      )}
      {holes.length > 0 && (
        <path
          className="not-finite"
          d={holes.map(([x]) => `M${at(x, axes.x, axes.xLog)} 0v${SIZE / 25}`).join("")}
          stroke="var(--not-finite)"
          fill="none"
          strokeWidth={3}
          vectorEffect="non-scaling-stroke"
        />
      )}
    </>
  );
});

const at = (value: number, { domain }: Scale, log: boolean): number =>
  Math.round(shareOf(value, domain, log) * SIZE);

const upFrom = (value: number, axes: Axes): number => SIZE - at(value, axes.y, axes.yLog);

/** A point that has no place, not finite or at 0 of a logarithmic axis, breaks the line. */
const hasPlace = ([x, y]: Point, { xLog, yLog }: Axes): boolean =>
  Number.isFinite(y) && (!xLog || x > 0) && (!yLog || y > 0);

/** The line through the points as an SVG path. */
export function linePath(points: readonly Point[], axes: Axes): string {
  let path = "";
  let down = false;
  for (const point of points) {
    const placed = hasPlace(point, axes);
    if (placed) {
      path += `${down ? "L" : "M"}${at(point[0], axes.x, axes.xLog)} ${upFrom(point[1], axes)}`;
    }
    down = placed;
  }
  return path;
}

/** Lines of no length: with round ends they are dots, whatever the drawing is stretched to. */
const dotsPath = (points: readonly Point[], axes: Axes): string =>
  points
    .filter((point) => hasPlace(point, axes))
    .map(([x, y]) => `M${at(x, axes.x, axes.xLog)} ${upFrom(y, axes)}h0`)
    .join("");

/** There along the upper ends, and back along the lower ones. */
function bandPath(points: RunBand["points"], axes: Axes): string {
  const shown = points.filter(([x, low]) => hasPlace([x, low], axes));
  if (shown.length === 0) return "";
  const corners = [
    ...shown.map(([x, , high]) => [x, high] as const),
    ...shown.map(([x, low]) => [x, low] as const).reverse(),
  ];
  return `${linePath(corners, axes)}Z`;
}

import {
  Area,
  CartesianGrid,
  ComposedChart,
  Line,
  ReferenceLine,
  ResponsiveContainer,
  XAxis,
  YAxis,
} from "recharts";
import { formatTick } from "../explain/format";
import {
  PLOT_HEIGHT,
  PLOT_MARGIN,
  Y_AXIS_WIDTH,
  type PlotLine,
  type PlotMark,
  type PlotProps,
  type PlotRow,
} from "./plotProps";
import { shareOf } from "./runAxis";
import type { Scale } from "./scale";

/** Beyond this many changes the marks keep their line and lose their label. */
const MAX_MARK_LABELS = 8;
const X_AXIS_HEIGHT = 22;
const NAMED_X_AXIS_HEIGHT = 36;

const tickText = (value: number): string => formatTick(value);
const TICK = { fontSize: 11, fill: "var(--ink-faint)" };

/** Props in, SVG out. */
export function RechartsPlot(props: PlotProps) {
  const { rows, lines, bands = [], reference = [], levels = [], marks, x, y } = props;
  const {
    log = false,
    xLog = false,
    gaps = false,
    xName = "",
    xWords,
    height = PLOT_HEIGHT,
  } = props;
  const xText = (tick: number) => xWords?.[tick - 1] ?? tickText(tick);
  const data = reference.length > 0 ? withReference(rows, reference) : [...rows];
  // without any row Recharts draws no axis
  if (data.length === 0) data.push(...x.domain.map((end) => ({ x: end })));
  return (
    <ResponsiveContainer width="100%" height={height} debounce={80}>
      <ComposedChart data={data} margin={PLOT_MARGIN} accessibilityLayer={false}>
        <CartesianGrid stroke="var(--grid-line)" vertical={false} />
        <XAxis
          dataKey="x"
          type="number"
          scale={xLog ? "log" : "linear"}
          domain={[...x.domain]}
          ticks={[...x.ticks]}
          tickFormatter={xText}
          tick={TICK}
          height={xName === "" ? X_AXIS_HEIGHT : NAMED_X_AXIS_HEIGHT}
          {...(xName !== "" && { label: axisName(xName) })}
          tickLine={false}
          axisLine={{ stroke: "var(--line-strong)" }}
          allowDataOverflow
        />
        <YAxis
          type="number"
          scale={log ? "log" : "linear"}
          domain={[...y.domain]}
          ticks={[...y.ticks]}
          tickFormatter={tickText}
          tick={TICK}
          width={Y_AXIS_WIDTH}
          tickLine={false}
          axisLine={false}
          allowDataOverflow
        />
        {reference.length > 0 && (
          <Area
            dataKey={REFERENCE_KEY}
            className="reference-band"
            stroke="none"
            fill="var(--reference-band)"
            isAnimationActive={false}
            activeDot={false}
            connectNulls
          />
        )}
        {levels.map(({ value, label, paper = false }, index) => (
          <ReferenceLine
            key={label}
            y={value}
            stroke={paper ? "var(--paper)" : "var(--ink-faint)"}
            strokeDasharray="2 3"
            label={{
              value: label,
              // neighbours that are close would write over each other
              position: index % 2 === 0 ? "insideBottomRight" : "insideBottomLeft",
              fontSize: 10,
              fill: paper ? "var(--paper)" : "var(--ink-dim)",
            }}
          />
        ))}
        {marks.map((mark, index) => (
          <ReferenceLine
            key={`${mark.x} ${mark.label}`}
            x={mark.x}
            stroke="var(--mark)"
            strokeDasharray="4 3"
            strokeOpacity={0.8}
            {...(marks.length <= MAX_MARK_LABELS && { label: markLabel(mark, index, x) })}
          />
        ))}
        {bands.map(({ key, color }) => (
          <Area
            key={key}
            dataKey={key}
            stroke="none"
            fill={color}
            fillOpacity={bands.length > 1 ? 0.11 : 0.16}
            isAnimationActive={false}
            activeDot={false}
            connectNulls
          />
        ))}
        {lines.map(({ key, color, width = 1.6, opacity = 1, dashed, dots, dotLabel }) => (
          <Line
            key={key}
            dataKey={key}
            stroke={color}
            strokeWidth={width}
            strokeOpacity={opacity}
            {...(dashed && { strokeDasharray: "3 3" })}
            dot={dots ? { r: width === 0 ? 3.6 : 2.2, fill: color, strokeWidth: 0 } : false}
            {...(dotLabel !== undefined && { label: wordsBeside(dotLabel) })}
            activeDot={false}
            isAnimationActive={false}
            connectNulls={!gaps}
            type="linear"
          />
        ))}
      </ComposedChart>
    </ResponsiveContainer>
  );
}

const REFERENCE_KEY = "reference runs";

/** The range at its own places among the rows; curves and ranges are joined across each other's places. */
function withReference(
  rows: readonly PlotRow[],
  reference: NonNullable<PlotProps["reference"]>,
): PlotRow[] {
  const byX = new Map(rows.map((row) => [row.x, row]));
  for (const [x, low, high] of reference) {
    byX.set(x, { x, ...byX.get(x), [REFERENCE_KEY]: [low, high] });
  }
  return [...byX.values()].sort((a, b) => a.x - b.x);
}

/** Labels sit left of the line near the right edge, and on three rows so that neighbours do not collide. */
function markLabel(mark: PlotMark, index: number, x: Scale) {
  const late = shareOf(mark.x, x.domain, false) > 0.8;
  return {
    value: mark.label,
    position: late ? ("insideTopRight" as const) : ("insideTopLeft" as const),
    fontSize: 10,
    fill: "var(--mark)",
    dy: (index % 3) * 12 - 4,
  };
}

const axisName = (value: string) => ({
  value,
  position: "insideBottomRight" as const,
  fontSize: 10.5,
  fill: "var(--ink-dim)",
});

/** The label of a line's dots: what they are of, not their value. */
const wordsBeside = ({ text, side }: NonNullable<PlotLine["dotLabel"]>) => ({
  position: side,
  formatter: () => text,
  fontSize: 10,
  fill: "var(--ink-dim)",
});

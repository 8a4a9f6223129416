import { VisuallyHidden } from "@mantine/core";
import { useState } from "react";
import { Ramp } from "../charts/Ramp";
import { formatTick, formatValue } from "../explain/format";
import type { HeatValues } from "./heatData";
import classes from "./analyse.module.css";

const LEFT = 46;
const BOTTOM = 36;
const WIDTH = 520;
const HEIGHT = 208;
/** Narrower cells hold no number. */
const TEXT_WIDTH = 36;
const TEXT_HEIGHT = 15;

interface Cell {
  readonly row: number;
  readonly column: number;
}

/** Lowest and highest value: where the ramp begins and ends. */
export function heatRange(values: HeatValues["values"]): readonly [number, number] {
  const all = values.flat().filter((value) => value !== null);
  return [Math.min(...all), Math.max(...all)];
}

/** A value's place between the ends; half where all are equal. */
const shareOf = (value: number, [low, high]: readonly [number, number]): number =>
  high > low ? (value - low) / (high - low) : 0.5;

/** One hue from light to dark; mixed in Oklab, so that equal steps look equal. */
export const heatColor = (share: number): string =>
  `color-mix(in oklab, var(--heat-last) ${(100 * share).toFixed(1)}%, var(--heat-first))`;

/** Rows of blocks, the first at the bottom as in the charts; a value is shown on hover and focus, and in a table. */
export function HeatMap({ data, label }: { readonly data: HeatValues; readonly label: string }) {
  const [cell, setCell] = useState<Cell | null>(null);
  const { rows, columns, values, columnName, valueName } = data;
  const range = heatRange(values);
  const chosen = cell && values[cell.row]?.[cell.column];
  const move = (row: number, column: number) =>
    setCell({
      row: Math.min(Math.max(row, 0), rows.length - 1),
      column: Math.min(Math.max(column, 0), columns.length - 1),
    });
  return (
    <div className={classes.heat}>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        data-plot=""
        role="img"
        aria-label={`${label}: ${valueName} from ${formatValue(range[0])} to ${formatValue(range[1])}; arrow keys read the cells`}
        tabIndex={0}
        onPointerLeave={() => setCell(null)}
        onBlur={() => setCell(null)}
        onFocus={() => move(0, 0)}
        onKeyDown={(event) => {
          const step = KEYS[event.key];
          if (!step) return;
          event.preventDefault();
          move((cell?.row ?? 0) + step[0], (cell?.column ?? 0) + step[1]);
        }}
      >
        <Cells data={data} range={range} cell={cell} onCell={move} />
        <Axes data={data} />
      </svg>
      <div className={classes.heatLegend}>
        <span>{formatTick(range[0], 3)}</span>
        <Ramp colorAt={heatColor} />
        <span>{formatTick(range[1], 3)}</span>
        <span className={classes.heatValue} role="status" data-no-export="">
          {cell && chosen !== null && chosen !== undefined
            ? `block ${rows[cell.row] ?? ""}, ${columnName} ${columns[cell.column] ?? ""}: ${formatValue(chosen)}`
            : valueName}
        </span>
      </div>
      <HeatTable data={data} label={label} />
    </div>
  );
}

const KEYS: Readonly<Record<string, readonly [row: number, column: number]>> = {
  ArrowUp: [1, 0],
  ArrowDown: [-1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

function Cells(props: {
  readonly data: HeatValues;
  readonly range: readonly [number, number];
  readonly cell: Cell | null;
  readonly onCell: (row: number, column: number) => void;
}) {
  const { data, range, cell, onCell } = props;
  const width = (WIDTH - LEFT - 8) / data.columns.length;
  const height = (HEIGHT - BOTTOM - 6) / data.rows.length;
  const written = width >= TEXT_WIDTH && height >= TEXT_HEIGHT;
  return data.values.flatMap((row, r) =>
    row.map((value, c) => {
      if (value === null) return null;
      const share = shareOf(value, range);
      const x = LEFT + c * width;
      const y = HEIGHT - BOTTOM - (r + 1) * height;
      return (
        <g key={`${r} ${c}`} onPointerEnter={() => onCell(r, c)}>
          <rect
            x={x + 0.5}
            y={y + 0.5}
            width={width - 1}
            height={height - 1}
            rx={2}
            fill={heatColor(share)}
            stroke={cell?.row === r && cell.column === c ? "var(--ink)" : "none"}
            strokeWidth={1.5}
          />
          {written && (
            <text
              x={x + width / 2}
              y={y + height / 2 + 3.5}
              textAnchor="middle"
              fontSize={10}
              fill={share > 0.5 ? "var(--heat-ink-last)" : "var(--heat-ink-first)"}
            >
              {formatTick(value, 3)}
            </text>
          )}
        </g>
      );
    }),
  );
}

function Axes({ data: { rows, columns, columnName } }: { readonly data: HeatValues }) {
  const width = (WIDTH - LEFT - 8) / columns.length;
  const height = (HEIGHT - BOTTOM - 6) / rows.length;
  const rowEvery = Math.ceil(12 / height);
  const columnEvery = Math.ceil(38 / width);
  const tick = { fontSize: 10.5, fill: "var(--ink-faint)" };
  return (
    <>
      {rows.map((name, r) =>
        r % rowEvery === 0 ? (
          <text
            key={name}
            x={LEFT - 7}
            y={HEIGHT - BOTTOM - (r + 0.5) * height + 3.5}
            textAnchor="end"
            {...tick}
          >
            {name}
          </text>
        ) : null,
      )}
      {columns.map((name, c) =>
        c % columnEvery === 0 ? (
          <text
            key={name}
            x={LEFT + (c + 0.5) * width}
            y={HEIGHT - BOTTOM + 14}
            textAnchor="middle"
            {...tick}
          >
            {name}
          </text>
        ) : null,
      )}
      <text x={WIDTH - 8} y={HEIGHT - 6} textAnchor="end" fontSize={10.5} fill="var(--ink-dim)">
        {columnName}
      </text>
      <text
        transform={`translate(12 ${(HEIGHT - BOTTOM) / 2}) rotate(-90)`}
        textAnchor="middle"
        fontSize={10.5}
        fill="var(--ink-dim)"
      >
        block
      </text>
    </>
  );
}

/** The same numbers for those who read with a screen reader. */
function HeatTable({ data, label }: { readonly data: HeatValues; readonly label: string }) {
  const { rows, columns, values, columnName, valueName } = data;
  return (
    <VisuallyHidden component="div" data-no-export="">
      <table>
        <caption>
          {label}: {valueName} by block and {columnName}
        </caption>
        <thead>
          <tr>
            <th scope="col">block</th>
            {columns.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((name, r) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {columns.map((column, c) => {
                const value = values[r]?.[c] ?? null;
                return <td key={column}>{value === null ? "not measured" : formatValue(value)}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </VisuallyHidden>
  );
}

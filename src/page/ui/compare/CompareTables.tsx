import { NumberInput } from "@mantine/core";
import { useMemo, useState, type ReactNode } from "react";
import type { FigureRun } from "../../store/figureRuns";
import { Hint } from "../components/Notes";
import { formatTick, formatValue } from "../explain/format";
import {
  commonSpace,
  crossingOf,
  differenceTo,
  figureLines,
  settingRows,
  speedUp,
  type Figure,
  type FigureLine,
  type Reading,
} from "./compared";
import classes from "./compare.module.css";

interface TableProps {
  readonly runs: readonly FigureRun[];
}

/** A table with a column a run; the first column says what a row is. */
function RunTable(props: TableProps & { readonly label: string; readonly children: ReactNode }) {
  const { runs, label, children } = props;
  return (
    <div className={classes.scroll} tabIndex={0} role="group" aria-label={label}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col" />
            {runs.map(({ id, name, color }) => (
              <th key={id} scope="col">
                <span className={classes.swatch} style={{ background: color }} /> {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

export function SettingsTable({ runs }: TableProps) {
  const rows = useMemo(() => settingRows(runs), [runs]);
  if (rows.length === 0) return <Hint>These runs have the same settings.</Hint>;
  return (
    <RunTable runs={runs} label="Settings that differ">
      {rows.map(({ label, unit, values }) => (
        <tr key={label}>
          <th scope="row">
            {label} {unit !== "" && unit !== "1" && <small>{unit}</small>}
          </th>
          {values.map((value, i) => (
            <td key={runs[i]?.id}>{value}</td>
          ))}
        </tr>
      ))}
    </RunTable>
  );
}

export function FiguresTable({ runs, reading }: TableProps & { readonly reading: Reading }) {
  const lines = useMemo(() => figureLines(runs, reading), [runs, reading]);
  return (
    <RunTable runs={runs} label="Figures of the runs">
      {lines.map((line) => (
        <tr key={line.label}>
          <th scope="row">
            {line.label} {line.better === "lower" ? "↓" : "↑"}
          </th>
          {line.figures.map((figure, i) => (
            <td key={runs[i]?.id}>
              <FigureCell line={line} figure={figure} isFirst={i === 0} reading={reading} />
            </td>
          ))}
        </tr>
      ))}
    </RunTable>
  );
}

function FigureCell(props: {
  readonly line: FigureLine;
  readonly figure: Figure | null;
  readonly isFirst: boolean;
  readonly reading: Reading;
}) {
  const { line, figure, isFirst, reading } = props;
  const first = line.figures[0];
  if (!figure) return "–";
  const difference = first && !isFirst ? differenceTo(first, figure) : null;
  return (
    <>
      <strong>{formatValue(figure.value)}</strong>
      {figure.half !== null && <small> ± {formatTick(figure.half, 3)}</small>}
      {reading === "time" && <small> at step {figure.step}</small>}
      {difference && <Difference {...difference} better={line.better} />}
    </>
  );
}

/** Told apart from the first run's, or not: colour alone does not say it. */
function Difference(props: {
  readonly value: number;
  readonly half: number | null;
  readonly better: FigureLine["better"];
}) {
  const { value, half, better } = props;
  const apart = half !== null && Math.abs(value) > half;
  const good = better === "lower" ? value < 0 : value > 0;
  const word = half === null ? "" : !apart ? ", not told apart" : good ? ", better" : ", worse";
  return (
    <div
      className={classes.difference}
      data-apart={apart ? (good ? "better" : "worse") : undefined}
    >
      {value > 0 ? "+" : ""}
      {formatTick(value, 3)}
      {half !== null && ` ± ${formatTick(half, 3)}`}
      {word}
    </div>
  );
}

/** The paper's speed-up: how many steps each run took to a KID, the first run's last one unless another is typed. */
export function SpeedTable({ runs }: TableProps) {
  const space = commonSpace(runs);
  const lastOfFirst = runs[0]?.metrics.sampleQuality.findLast((m) => m.space === space)?.kid;
  const [typed, setTyped] = useState<number | null>(null);
  const bound = typed ?? lastOfFirst;
  if (bound === undefined) return <Hint>The first of these runs has no KID yet.</Hint>;
  const crossings = runs.map((run) => crossingOf(run, space, bound));
  const [first] = crossings;
  return (
    <>
      <NumberInput
        size="xs"
        w={180}
        mb={8}
        label="KID × 1000 below"
        description="The first run’s last one, unless you type another"
        value={Number(bound.toPrecision(4))}
        min={0}
        onChange={(value) => setTyped(typeof value === "number" ? value : null)}
      />
      <RunTable runs={runs} label="Steps until the KID">
        <tr>
          <th scope="row">Steps</th>
          {crossings.map((crossing, i) => (
            <td key={runs[i]?.id}>
              {crossing ? (
                <>
                  <strong>{Math.round(crossing.at)}</strong>{" "}
                  <small>
                    between {crossing.after} and {crossing.by}
                  </small>
                </>
              ) : (
                "not reached"
              )}
            </td>
          ))}
        </tr>
        <tr>
          <th scope="row">Sooner than the first</th>
          {crossings.map((crossing, i) => (
            <td key={runs[i]?.id}>
              {i > 0 && first && crossing ? <Times {...speedUp(first, crossing)} /> : "–"}
            </td>
          ))}
        </tr>
      </RunTable>
      <Hint>
        A run crosses somewhere between two measurements; the step named is on the straight line
        between them. One run a setting: other seeds may differ by more.
      </Hint>
    </>
  );
}

function Times(props: { readonly times: number; readonly low: number; readonly high: number }) {
  const { times, low, high } = props;
  return (
    <>
      <strong>{formatTick(times, 3)}×</strong>{" "}
      <small>
        {formatTick(low, 3)} to {Number.isFinite(high) ? formatTick(high, 3) : "any"}
      </small>
    </>
  );
}

import { NumberInput } from "@mantine/core";
import { useMemo, useState, type ReactNode } from "react";
import type { FigureGroup } from "../../store/figureRuns";
import { Hint } from "../components/Notes";
import { formatTick, formatValue } from "../explain/format";
import { commonSpace, type Reading } from "./compared";
import {
  boundOf,
  groupCrossing,
  groupLines,
  groupSettings,
  groupSpeed,
  lastKidOf,
  type Estimate,
  type GroupCrossing,
  type GroupLine,
  type GroupSpeed,
} from "./overGroups";
import classes from "./compare.module.css";

interface TableProps {
  readonly groups: readonly FigureGroup[];
}

/** A table with a column a group; the first column says what a row is. */
function GroupTable(props: TableProps & { readonly label: string; readonly children: ReactNode }) {
  const { groups, label, children } = props;
  return (
    <div className={classes.scroll} tabIndex={0} role="group" aria-label={label}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col" />
            {groups.map(({ key, name, color }) => (
              <th key={key} scope="col">
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

export function SettingsTable({ groups }: TableProps) {
  const rows = useMemo(() => groupSettings(groups), [groups]);
  if (rows.length === 0) return <Hint>These runs have the same settings.</Hint>;
  return (
    <GroupTable groups={groups} label="Settings that differ">
      {rows.map(({ label, unit, values }) => (
        <tr key={label}>
          <th scope="row">
            {label} {unit !== "" && unit !== "1" && <small>{unit}</small>}
          </th>
          {values.map((value, i) => (
            <td key={groups[i]?.key}>{value}</td>
          ))}
        </tr>
      ))}
    </GroupTable>
  );
}

export function FiguresTable({ groups, reading }: TableProps & { readonly reading: Reading }) {
  const lines = useMemo(() => groupLines(groups, reading), [groups, reading]);
  return (
    <GroupTable groups={groups} label="Figures of the runs">
      {lines.map((line) => (
        <tr key={line.label}>
          <th scope="row">
            {line.label} {line.better === "lower" ? "↓" : "↑"}
          </th>
          {line.figures.map((_, i) => (
            <td key={groups[i]?.key}>
              <FigureCell line={line} place={i} reading={reading} />
            </td>
          ))}
        </tr>
      ))}
    </GroupTable>
  );
}

function FigureCell(props: {
  readonly line: GroupLine;
  /** Of the group. */
  readonly place: number;
  readonly reading: Reading;
}) {
  const { line, place, reading } = props;
  const found = line.figures[place];
  if (!found) return "–";
  const [{ value, half, runs }, steps] = found;
  const [from, to] = [Math.min(...steps), Math.max(...steps)];
  const difference = line.differences[place];
  return (
    <>
      <strong>{formatValue(value)}</strong>
      {half !== null && <small> ± {formatTick(half, 3)}</small>}
      {runs > 1 && <small>, mean of {runs}</small>}
      {reading === "time" && (
        <small>
          {" "}
          at step {from}
          {to > from && ` to ${to}`}
        </small>
      )}
      {difference && <Difference {...difference} better={line.better} />}
    </>
  );
}

/** Told apart from the first run's, or not: colour alone does not say it. */
function Difference(props: Estimate & { readonly better: GroupLine["better"] }) {
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

/** The paper's speed-up: how many steps each group took to a KID, the first one's last unless another is typed. */
export function SpeedTable({ groups }: TableProps) {
  const space = commonSpace(groups.flatMap(({ runs }) => runs));
  const [typed, setTyped] = useState<number | null>(null);
  const shown = typed ?? lastKidOf(groups, space);
  if (shown === undefined) return <Hint>The first of these runs has no KID yet.</Hint>;
  const bound = boundOf(groups, space, typed);
  const [first] = groups;
  const isOverSeeds = groups.some(({ runs }) => runs.length > 1);
  return (
    <>
      <NumberInput
        size="xs"
        w={isOverSeeds ? 300 : 180}
        mb={8}
        label="KID × 1000 below"
        description={
          isOverSeeds
            ? "Each seed’s own last one of the first setting (their mean is shown), unless you type another"
            : "The first run’s last one, unless you type another"
        }
        value={Number(shown.toPrecision(4))}
        min={0}
        onChange={(value) => setTyped(typeof value === "number" ? value : null)}
      />
      <GroupTable groups={groups} label="Steps until the KID">
        <tr>
          <th scope="row">Steps</th>
          {groups.map((group) => (
            <td key={group.key}>
              <Steps {...groupCrossing(group, space, bound)} />
            </td>
          ))}
        </tr>
        <tr>
          <th scope="row">Sooner than the first</th>
          {groups.map((group, i) => (
            <td key={group.key}>
              <Times speed={first && i > 0 ? groupSpeed(first, group, space, bound) : null} />
            </td>
          ))}
        </tr>
      </GroupTable>
      <Hint>
        A run crosses somewhere between two measurements; the step named is on the straight line
        between them.{" "}
        {isOverSeeds
          ? "Intervals are 95 % over seeds; a ratio is given where every run of both has come to the KID."
          : "One run a setting: other seeds may differ by more."}
      </Hint>
    </>
  );
}

function Steps({ reached, of, at, after, by }: GroupCrossing) {
  if (!at) return "not reached";
  return (
    <>
      <strong>{Math.round(at.value)}</strong>{" "}
      <small>
        {at.half !== null && `± ${formatTick(at.half, 3)}, `}
        {reached < of && `${reached} of ${of} runs, `}between {after} and {by}
      </small>
    </>
  );
}

function Times({ speed }: { readonly speed: GroupSpeed | null }) {
  if (!speed) return "–";
  const { times, low, high } = speed;
  return (
    <>
      <strong>{formatTick(times, 3)}×</strong>{" "}
      <small>
        {formatTick(low, 3)} to {Number.isFinite(high) ? formatTick(high, 3) : "any"}
      </small>
    </>
  );
}

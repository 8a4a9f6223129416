import { Button, Select, Switch, TextInput } from "@mantine/core";
import { useIntersection } from "@mantine/hooks";
import { memo, useEffect, useEffectEvent, useMemo, useState } from "react";
import type { StoredRun } from "../../store/dataSlice";
import { runTree } from "../../store/forks";
import { lastCknna, lastKid, listedRuns, seedGroups, spread } from "../../store/runList";
import type { RunOrder } from "../../store/runsSlice";
import { useCommands } from "../commands";
import { Heading } from "../components/Notes";
import { useDropZone } from "../components/useDropZone";
import { formatValue } from "../explain/format";
import { forkText } from "../explain/forks";
import { runDifferences } from "../explain/names";
import { Deletable, ForksStay } from "../storage/Deletable";
import { useStudio } from "../useStudio";
import { Queue } from "./Queue";
import { RunListMenu } from "./RunListMenu";
import { RunRow } from "./RunRow";
import classes from "./runs.module.css";

/** So many runs are found at a glance. */
const FILTERED_FROM = 4;

/** So many rows are drawn at once: a row has a menu and buttons, and a page may have hundreds of runs. */
const ROWS = 40;

const ORDERS: readonly { readonly value: RunOrder; readonly label: string }[] = [
  { value: "newest", label: "Newest first" },
  { value: "name", label: "By name" },
  { value: "kid", label: "Lowest KID first" },
  { value: "cknna", label: "Highest CKNNA first" },
];

/** What the filter looks into. */
const textOf = ({ name, experiment, timeline, phase, parent }: StoredRun): string =>
  `${name} ${runDifferences(name, experiment, timeline)} ${phase} seed ${experiment.optimizer.seed} ${parent ? `fork ${forkText(parent)}` : ""}`;

/** Every stored run: which of them figures draw, what sets them apart, and how far they came. */
export const RunList = memo(function RunList() {
  const runs = useStudio((state) => state.data.runs);
  const { order, filter, foldSeeds } = useStudio((state) => state.runs);
  const listed = useMemo(() => listedRuns(runs, { order, filter }, textOf), [runs, order, filter]);
  const groups = useMemo(() => seedGroups(listed), [listed]);
  const tree = useMemo(() => runTree(listed), [listed]);
  const repeats = useMemo(() => seedGroups(runs).some((group) => group.length > 1), [runs]);
  const waiting = useStudio((state) => state.queue.items.length > 0);
  const [most, setMost] = useState(ROWS);
  const entries = foldSeeds ? groups.length : listed.length;
  const { openFile } = useCommands();
  const drop = useDropZone(({ files }) => [...files].forEach(openFile));
  if (runs.length === 0 && !waiting) return null;
  const shown = runs.filter(({ look }) => look.shown).length;
  return (
    <section className={classes.list} aria-label="Runs" {...drop}>
      <div className={classes.head}>
        <Heading>Runs</Heading>
        <span className={classes.headEnd}>
          <span className={classes.count}>
            {shown} of {runs.length} drawn
          </span>
          <RunListMenu />
        </span>
      </div>
      {waiting && <Queue />}
      {runs.length >= FILTERED_FROM && <Arrangement />}
      {repeats && <FoldSwitch />}
      <ul className={classes.rows}>
        {foldSeeds
          ? groups.slice(0, most).map((group) => <SeedGroup key={group[0]?.id} runs={group} />)
          : tree.slice(0, most).map((row) => <Row key={row.run.id} {...row} />)}
        {entries > most && (
          <More key={most} count={entries - most} onMore={() => setMost(most + ROWS)} />
        )}
        {listed.length === 0 && filter !== "" && (
          <li className={classes.none}>No run matches “{filter}”.</li>
        )}
      </ul>
    </section>
  );
});

/** Stands for the rows that are not drawn yet; they come when it is scrolled to or pressed. */
function More({ count, onMore }: { readonly count: number; readonly onMore: () => void }) {
  const { ref, entry } = useIntersection();
  const isSeen = entry?.isIntersecting === true;
  const more = useEffectEvent(onMore);
  useEffect(() => {
    if (isSeen) more();
  }, [isSeen]);
  return (
    <li ref={ref}>
      <Button size="compact-xs" variant="subtle" color="gray" onClick={onMore}>
        {count} more
      </Button>
    </li>
  );
}

/** Deeper forks are not indented further: names would have no room. */
const MOST_INDENTED = 4;
const INDENT_PX = 14;

/** @param depth generations between the run and the one on top of its tree */
function Row({ run, depth }: { readonly run: StoredRun; readonly depth: number }) {
  return (
    <li
      className={classes.item}
      data-depth={depth}
      style={{ paddingLeft: Math.min(depth, MOST_INDENTED) * INDENT_PX }}
    >
      <Deletable
        deletion={{ kind: "run", key: run.id }}
        name={run.name}
        note={<ForksStay of={run} />}
      >
        <RunRow run={run} underParent={depth > 0} />
      </Deletable>
    </li>
  );
}

function Arrangement() {
  const { order, filter } = useStudio((state) => state.runs);
  const arrange = useStudio((state) => state.arrangeRuns);
  return (
    <div className={classes.arrange}>
      <TextInput
        size="xs"
        aria-label="Filter runs"
        placeholder="Filter by name or setting"
        value={filter}
        onChange={(event) => arrange({ filter: event.currentTarget.value })}
      />
      <Select
        size="xs"
        aria-label="Order of runs"
        data={ORDERS}
        value={order}
        onChange={(value) => {
          if (value !== null) arrange({ order: value });
        }}
        allowDeselect={false}
        comboboxProps={{ shadow: "md" }}
      />
    </div>
  );
}

function FoldSwitch() {
  const fold = useStudio((state) => state.runs.foldSeeds);
  const arrange = useStudio((state) => state.arrangeRuns);
  return (
    <Switch
      size="xs"
      label="Seeds as mean and range"
      checked={fold}
      onChange={(event) => arrange({ foldSeeds: event.currentTarget.checked })}
    />
  );
}

/** Runs that differ in the seed alone, under their mean. */
function SeedGroup({ runs }: { readonly runs: readonly StoredRun[] }) {
  const [first] = runs;
  if (!first) return null;
  if (runs.length === 1) return <Row run={first} depth={0} />;
  const figures = [
    figureText(
      "KID",
      runs.flatMap((run) => lastKid(run) ?? []),
    ),
    figureText(
      "CKNNA",
      runs.flatMap((run) => lastCknna(run) ?? []),
    ),
  ].filter((text) => text !== null);
  return (
    <li className={classes.group}>
      <div className={classes.groupHead}>
        {first.name} · {runs.length} seeds
        {figures.length > 0 && <small>{figures.join(" · ")}</small>}
      </div>
      <ul className={classes.members}>
        {runs.map((run) => (
          <Row key={run.id} run={run} depth={0} />
        ))}
      </ul>
    </li>
  );
}

/** "KID 31.2 ± 4.1 (n = 3)": mean and standard deviation over runs. */
function figureText(name: string, values: readonly number[]): string | null {
  const found = spread(values);
  if (!found) return null;
  const { mean, deviation } = found;
  const beside = deviation === null ? "" : ` ± ${formatValue(deviation)} s.d.`;
  return `${name} ${formatValue(mean)}${beside}, n = ${values.length}`;
}

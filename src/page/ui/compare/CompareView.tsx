import { Button, SegmentedControl } from "@mantine/core";
import { IconFileExport } from "@tabler/icons-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { SAMPLE_METRICS, STEP_METRICS } from "../../../common/catalogue/liveMetrics";
import type { FigureGroup, FigureRun } from "../../store/figureRuns";
import { charted } from "../charts/metricText";
import { SampleChart } from "../charts/SampleChart";
import { StepChart } from "../charts/StepChart";
import { preloadPlot } from "../charts/Plot";
import { saveBlob } from "../charts/exportChart";
import { ALWAYS_SEEN } from "../charts/drawQueue";
import { useFigureGroups, useFigureRuns } from "../charts/useRunAxis";
import { Heading, Hint } from "../components/Notes";
import { formatDuration } from "../explain/format";
import { useStudio, useStudioStore } from "../useStudio";
import { ResultsNotices } from "../runs/ResultsNotices";
import { RunList } from "../runs/RunList";
import { VerdictLine } from "../runs/VerdictLine";
import {
  commonSeconds,
  commonSpace,
  commonStep,
  comparedOf,
  MOST_COMPARED,
  type Reading,
} from "./compared";
import { FiguresTable, SettingsTable, SpeedTable } from "./CompareTables";
import { compareDocument } from "./compareDocument";
import { shownGrid } from "./grids";
import { GridsSideBySide } from "./GridsSideBySide";
import classes from "./compare.module.css";

/** Runs, or settings of several seeds, side by side: those whose eyes are open in the list. The first is what the others are measured against. */
export function CompareView() {
  useEffect(preloadPlot, []);
  const all = useFigureGroups(useFigureRuns(ALWAYS_SEEN));
  const lookedAt = useStudio((state) => state.lookedAt);
  const groups = useMemo(() => comparedOf(all, lookedAt), [all, lookedAt]);
  return (
    <div className={classes.view}>
      <div className={classes.side}>
        <RunList />
      </div>
      <main className={classes.main} aria-label="Compare">
        <ResultsNotices />
        {groups.length < 2 ? (
          <Hint>
            Open the eyes of two to {MOST_COMPARED} runs in the list: they are compared here. With
            seeds as mean and range, settings are.
          </Hint>
        ) : (
          <Comparison groups={groups} more={all.length - groups.length} />
        )}
      </main>
    </div>
  );
}

const LOSSES = charted(STEP_METRICS).slice(0, 1);
const QUALITIES = charted(SAMPLE_METRICS);

function Comparison(props: { readonly groups: readonly FigureGroup[]; readonly more: number }) {
  const { groups, more } = props;
  // of several seeds, the samples are those of the lowest
  const runs = useMemo(() => firstRuns(groups), [groups]);
  const isOverSeeds = groups.some((group) => group.runs.length > 1);
  const [reading, setReading] = useState<Reading>("step");
  const article = useRef<HTMLElement>(null);
  const store = useStudioStore();
  const save = async () => {
    if (!article.current) return;
    const grids = runs.map(({ id }) => shownGrid(store.getState(), id));
    const pictures = await Promise.all(
      grids.map(async (grid) => (grid ? dataUrl(grid.png) : undefined)),
    );
    const text = compareDocument(article.current, pictures, new Date());
    saveBlob(new Blob([text], { type: "text/html" }), "repa-studio-comparison.html");
  };
  return (
    <article ref={article} className={classes.article}>
      <header className={classes.head}>
        <Heading>
          Compare {groups.length} {isOverSeeds ? "settings" : "runs"}
        </Heading>
        <Button
          size="xs"
          variant="default"
          data-no-export=""
          leftSection={<IconFileExport size={15} />}
          onClick={() => void save()}
        >
          Save as one HTML file
        </Button>
      </header>
      {more > 0 && (
        <Hint>
          {more} more {more === 1 ? "is" : "are"} drawn: the {MOST_COMPARED} newest are compared.
        </Hint>
      )}
      <VerdictLine />
      <section aria-label="Settings that differ">
        <Heading order={3}>What differs</Heading>
        <SettingsTable groups={groups} />
      </section>
      <section aria-label="Figures">
        <div className={classes.head}>
          <Heading order={3}>Figures</Heading>
          <SegmentedControl
            size="xs"
            data-no-export=""
            aria-label="Read at"
            data={[
              { value: "step", label: "Same step" },
              { value: "time", label: "Same time" },
            ]}
            value={reading}
            onChange={(value) => setReading(value === "time" ? "time" : "step")}
          />
        </div>
        <FiguresTable groups={groups} reading={reading} />
        <Hint>{readingText(groups, reading)}</Hint>
      </section>
      <section aria-label="Speed">
        <Heading order={3}>Steps until KID falls below a value</Heading>
        <SpeedTable groups={groups} />
      </section>
      <section aria-label="Samples side by side">
        <Heading order={3}>Samples</Heading>
        <GridsSideBySide runs={runs} />
      </section>
      <section className={classes.charts} aria-label="Curves">
        {LOSSES.map((metric) => (
          <StepChart key={metric.id} metric={metric} />
        ))}
        {QUALITIES.map((metric) => (
          <SampleChart key={metric.id} metric={metric} />
        ))}
      </section>
    </article>
  );
}

const dataUrl = (png: ArrayBuffer): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(typeof reader.result === "string" ? reader.result : "");
    reader.onerror = () => reject(reader.error ?? new Error("The picture cannot be read."));
    reader.readAsDataURL(new Blob([png], { type: "image/png" }));
  });

const seedOf = ({ experiment }: FigureRun): number => experiment.optimizer.seed;

/** The run of each group whose seed is the lowest, by the group's name; of several it says which one it is. */
const firstRuns = (groups: readonly FigureGroup[]): readonly FigureRun[] =>
  groups.flatMap(({ label, runs }): FigureRun[] => {
    const [first, ...others] = [...runs].sort((a, b) => seedOf(a) - seedOf(b));
    if (!first) return [];
    return [{ ...first, name: others.length > 0 ? `${label}, seed ${seedOf(first)}` : label }];
  });

/** What the table is read at, and what its intervals are. */
function readingText(groups: readonly FigureGroup[], reading: Reading): string {
  const runs = groups.flatMap((group) => group.runs);
  const space = commonSpace(runs) ?? "no space yet";
  const intervals = groups.some((group) => group.runs.length > 1)
    ? "Intervals are 95 % over seeds (Student’s t); differences are of pairs of one seed where there are such."
    : "Intervals are 95 %, of the measurement alone (a jackknife over subsets), and say nothing of other seeds.";
  if (reading === "time") {
    const isOverSeeds = groups.some((group) => group.runs.length > 1);
    const within = isOverSeeds
      ? "the time of training that all runs of its seed have had"
      : `${formatDuration(commonSeconds(runs))} of training`;
    return `In ${space}, at each run's last measurement within ${within}, evaluations not counted. ${intervals}`;
  }
  const step = commonStep(runs);
  return step === null
    ? "There is no step yet that all of these runs have measured."
    : `In ${space}, at step ${step}, the last that all of them measured. ${intervals}`;
}

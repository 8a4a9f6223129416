import { Button, Slider } from "@mantine/core";
import { useMemo, useState } from "react";
import type { RecordedRuns } from "../../../common/config/recordedRuns";
import { start } from "../../commands/start";
import { selectActive } from "../../store/selectors";
import { wantsRecorded } from "../../store/recordedSlice";
import { Plot } from "../charts/Plot";
import type { PlotRow } from "../charts/plotProps";
import { linearScale, stepScale } from "../charts/scale";
import { useCommands } from "../commands";
import { useStudio } from "../useStudio";
import { aboutText, cknnaText, gridOf, gridSteps, pointAt } from "./recordedText";
import classes from "./recorded.module.css";

const COLORS = ["var(--run-1)", "var(--run-8)"] as const;
const PLOT_HEIGHT = 190;

/** Real runs of another day, while the page has no curve of its own. */
export function RecordedRun() {
  const wanted = useStudio(wantsRecorded);
  const recorded = useStudio((state) => state.recorded);
  return wanted && recorded ? <Recording recorded={recorded} /> : null;
}

function Recording({ recorded }: { readonly recorded: RecordedRuns }) {
  const steps = useMemo(() => gridSteps(recorded), [recorded]);
  const [at, setAt] = useState(steps.length - 1);
  const step = steps[at] ?? 0;
  const { runs, recordedOn, adapter } = recorded;
  return (
    <section className={classes.recorded} aria-label="Recorded run">
      <div className={classes.head}>
        <div>
          <h2>What a run looks like</h2>
          <p>{aboutText(recorded)}</p>
        </div>
        <TrainYourOwn />
      </div>
      <div className={classes.body}>
        <figure className={classes.curves} aria-label="Recorded losses">
          <Curves recorded={recorded} step={step} />
        </figure>
        {runs.map((run, i) => {
          const grid = gridOf(run, step);
          return (
            <figure key={run.name} className={classes.grid}>
              {grid && (
                <img
                  src={`recorded/${grid.file}`}
                  alt={`Samples of ${run.name} at step ${grid.step}`}
                />
              )}
              <figcaption>
                <strong style={{ color: COLORS[i] }}>{run.name}</strong> loss{" "}
                {pointAt(run.losses, step)?.[1].toFixed(3)}
                <br />
                {cknnaText(run, step)}
              </figcaption>
            </figure>
          );
        })}
      </div>
      <div className={classes.foot}>
        <Slider
          className={classes.slider ?? ""}
          size={4}
          thumbSize={13}
          min={0}
          max={steps.length - 1}
          label={(index) => `step ${steps[index] ?? 0}`}
          value={at}
          onChange={setAt}
          thumbLabel="Step of the recorded run"
        />
        <output>step {step}</output>
        <small>
          Recorded on {recordedOn}, on {adapter}
        </small>
      </div>
    </section>
  );
}

/** Presses Train; nothing once a run is under way. */
function TrainYourOwn() {
  const active = useStudio(selectActive);
  const offered = useStudio((state) => start.offered(state) === "offered");
  const { give } = useCommands();
  return active ? null : (
    <Button size="xs" disabled={!offered} onClick={() => give(start)}>
      Train your own
    </Button>
  );
}

/** The losses of all runs as one plot, with the shown step as a mark. */
function Curves({ recorded, step }: { readonly recorded: RecordedRuns; readonly step: number }) {
  const { runs, steps } = recorded;
  const rows = useMemo(() => rowsOf(recorded), [recorded]);
  const values = runs.flatMap(({ losses }) => losses.map(([, value]) => value));
  const x = useMemo(() => stepScale(steps), [steps]);
  const y = linearScale(Math.min(...values), Math.max(...values));
  const lines = runs.map(({ name }, i) => ({
    key: name,
    color: COLORS[i] ?? COLORS[0],
    width: 1.8,
  }));
  const marks = useMemo(() => [{ x: step, label: "" }], [step]);
  return <Plot rows={rows} lines={lines} marks={marks} x={x} y={y} height={PLOT_HEIGHT} />;
}

/** One row a step that any run has a value at. */
function rowsOf({ runs }: RecordedRuns): readonly PlotRow[] {
  const rows = new Map<number, Record<string, number>>();
  for (const { name, losses } of runs) {
    for (const [at, value] of losses) rows.set(at, { ...rows.get(at), [name]: value });
  }
  return [...rows].sort(([a], [b]) => a - b).map(([x, values]) => ({ ...values, x }));
}

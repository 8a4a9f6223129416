import { Button, Select } from "@mantine/core";
import { IconBook2 } from "@tabler/icons-react";
import { useEffect, useMemo, useState } from "react";
import { planOf, type AnalysedRun } from "../../store/analysisSlice";
import { preloadPlot } from "../charts/Plot";
import { useCommands } from "../commands";
import { Boundary } from "../components/Boundary";
import { Heading } from "../components/Notes";
import { PaperSwitch } from "../components/PaperSwitch";
import { encoderShort } from "../explain/names";
import { useStudio } from "../useStudio";
import { FigureCard } from "./FigureCard";
import type { FigureInput } from "./figureInput";
import { FIGURES } from "./figureRows";
import { JobBar } from "./JobBar";
import { loggedEncoders } from "./overSteps";
import { PaperPanel } from "./PaperPanel";
import { PlanForm } from "./PlanForm";
import { encodersOf, timesOf } from "./results";
import { shownSubjects } from "./subjects";
import { SubjectsPanel } from "./SubjectsPanel";
import cards from "../charts/charts.module.css";
import classes from "./analyse.module.css";

const NO_RUNS: readonly AnalysedRun[] = [];

/** The Analyse view: what is analysed and how on the left, figures, and the paper's tables on the right when asked for. */
export function AnalyseView() {
  const { refreshAnalyses } = useCommands();
  const stored = useStudio((state) => state.data.runs);
  const checkpoint = useStudio((state) => state.run.checkpoint);
  const analysis = useStudio((state) => state.analysis);
  const [paperOpen, setPaperOpen] = useState(false);
  // a run that trains meanwhile saves checkpoints, measures, and may be deleted
  useEffect(() => refreshAnalyses(), [refreshAnalyses, stored, checkpoint]);
  useEffect(preloadPlot, []);
  const plan = useMemo(() => planOf(analysis), [analysis]);
  return (
    <div className={classes.view} data-paper={paperOpen || undefined}>
      <aside className={classes.side} aria-label="Analysis">
        <div className={classes.sideScroll}>
          <Boundary what="Subjects">
            <SubjectsPanel />
          </Boundary>
          <Boundary what="Plan">
            <PlanForm plan={plan} />
          </Boundary>
        </div>
        <Boundary what="Analysis">
          <JobBar plan={plan} />
        </Boundary>
      </aside>
      <Boundary what="Figures" frame={(fault) => <main className={classes.main}>{fault}</main>}>
        <Figures paperOpen={paperOpen} onPaper={() => setPaperOpen(!paperOpen)} />
      </Boundary>
      {paperOpen && (
        <Boundary what="Paper’s tables">
          <PaperPanel onClose={() => setPaperOpen(false)} />
        </Boundary>
      )}
    </div>
  );
}

/** One of the options: the chosen one while it is there, else the preferred. */
const keptOr = <T,>(chosen: T | null, options: readonly T[], preferred: T | undefined): T | null =>
  chosen !== null && options.includes(chosen) ? chosen : (preferred ?? null);

/** What figures are drawn from, and one noise level, encoder and subject for all that show one. */
function useFigureInput() {
  const { runs, files, subjects: selected, results, grids } = useStudio((state) => state.analysis);
  const paper = useStudio((state) => state.paperShown);
  const subjects = useMemo(
    () => shownSubjects({ runs, files, subjects: selected }),
    [runs, files, selected],
  );
  const times = useMemo(() => timesOf(results, subjects), [results, subjects]);
  const encoders = useMemo(
    () => [...new Set([...encodersOf(results, subjects), ...loggedEncoders(runs ?? NO_RUNS)])],
    [results, subjects, runs],
  );
  const [chosenTime, setTime] = useState<number | null>(null);
  const [chosenEncoder, setEncoder] = useState<string | null>(null);
  const [chosenSubject, setSubject] = useState<string | null>(null);
  const time = keptOr(chosenTime, times, times.includes(0.5) ? 0.5 : times[0]);
  const encoder = keptOr(chosenEncoder, encoders, encoders[0]);
  const subject = subjects.find(({ key }) => key === chosenSubject) ?? subjects[0];
  const input = useMemo(
    (): FigureInput => ({
      results,
      runs: runs ?? NO_RUNS,
      subjects,
      time,
      encoder,
      subject,
      paper,
      grids,
    }),
    [results, runs, subjects, time, encoder, subject, paper, grids],
  );
  return { input, times, encoders, setTime, setEncoder, setSubject };
}

function Figures(props: { readonly paperOpen: boolean; readonly onPaper: () => void }) {
  const { input, ...choices } = useFigureInput();
  return (
    <main className={classes.main}>
      <div className={classes.toolbar}>
        <Heading>Figures</Heading>
        <Choices input={input} {...choices} />
        <PaperSwitch />
        <Button
          size="xs"
          variant={props.paperOpen ? "light" : "default"}
          leftSection={<IconBook2 size={15} />}
          aria-expanded={props.paperOpen}
          onClick={props.onPaper}
        >
          Paper’s tables
        </Button>
      </div>
      <div className={classes.cards}>
        {FIGURES.map((row) =>
          row.shownWhen?.(input) === false ? null : (
            <Boundary
              key={row.title({})}
              what={row.title({})}
              frame={(fault) => <div className={cards.card}>{fault}</div>}
            >
              <FigureCard row={row} input={input} />
            </Boundary>
          ),
        )}
      </div>
    </main>
  );
}

function Choices(props: ReturnType<typeof useFigureInput>) {
  const { input, times, encoders, setTime, setEncoder, setSubject } = props;
  return (
    <>
      <Choice
        label="Noise level t"
        width={84}
        value={input.time === null ? null : String(input.time)}
        options={times.map((time) => [String(time), `t = ${time}`])}
        onChange={(key) => setTime(times.find((time) => String(time) === key) ?? null)}
      />
      <Choice
        label="Encoder"
        width={132}
        value={input.encoder}
        options={encoders.map((id) => [id, encoderShort(id)])}
        onChange={setEncoder}
      />
      <Choice
        label="Subject of figures of one"
        width={210}
        value={input.subject?.key ?? null}
        options={input.subjects.map(({ key, label }) => [key, label])}
        onChange={setSubject}
      />
    </>
  );
}

function Choice(props: {
  readonly label: string;
  readonly width: number;
  readonly value: string | null;
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly onChange: (value: string) => void;
}) {
  const { label, width, value, options, onChange } = props;
  return (
    <Select
      size="xs"
      w={width}
      aria-label={label}
      placeholder="–"
      allowDeselect={false}
      disabled={options.length === 0}
      value={value}
      data={options.map(([id, name]) => ({ value: id, label: name }))}
      onChange={(chosen) => {
        if (chosen !== null) onChange(chosen);
      }}
    />
  );
}

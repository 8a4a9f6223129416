import { Button, Select } from "@mantine/core";
import { IconBook2 } from "@tabler/icons-react";
import { useEffect, useMemo, useState } from "react";
import { planOf } from "../../store/analysisSlice";
import { preloadPlot } from "../charts/Plot";
import { useCommands } from "../commands";
import { PaperSwitch } from "../components/PaperSwitch";
import { encoderShort } from "../explain/names";
import { useStudio } from "../useStudio";
import { AllFigures } from "./AllFigures";
import { encodersOf, timesOf } from "./found";
import { JobBar } from "./JobBar";
import { loggedEncoders } from "./overSteps";
import { PaperPanel } from "./PaperPanel";
import { PlanForm } from "./PlanForm";
import { shownSubjects } from "./subjects";
import { SubjectsPanel } from "./SubjectsPanel";
import classes from "./analyse.module.css";

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
          <SubjectsPanel />
          <PlanForm plan={plan} />
        </div>
        <JobBar plan={plan} />
      </aside>
      <Figures paperOpen={paperOpen} onPaper={() => setPaperOpen(!paperOpen)} />
      {paperOpen && <PaperPanel onClose={() => setPaperOpen(false)} />}
    </div>
  );
}

/** One noise level, encoder and subject for all figures that show one. */
function Figures(props: { readonly paperOpen: boolean; readonly onPaper: () => void }) {
  const { paperOpen, onPaper } = props;
  const analysis = useStudio((state) => state.analysis);
  const { runs, files, subjects: chosen, results } = analysis;
  const paper = useStudio((state) => state.paperShown);
  const subjects = useMemo(
    () => shownSubjects({ runs, files, subjects: chosen }),
    [runs, files, chosen],
  );
  const times = useMemo(() => timesOf(results, subjects), [results, subjects]);
  const encoders = useMemo(
    () => [...new Set([...encodersOf(results, subjects), ...loggedEncoders(runs ?? [])])],
    [results, subjects, runs],
  );
  const [time, setTime] = useState<number | null>(null);
  const [encoder, setEncoder] = useState<string | null>(null);
  const [subject, setSubject] = useState<string | null>(null);
  const preferred = times.includes(0.5) ? 0.5 : (times[0] ?? null);
  const shownTime = time !== null && times.includes(time) ? time : preferred;
  const shownEncoder =
    encoder !== null && encoders.includes(encoder) ? encoder : (encoders[0] ?? null);
  const shownSubject = subjects.find(({ key }) => key === subject) ?? subjects[0];
  return (
    <main className={classes.main}>
      <div className={classes.toolbar}>
        <h2 className={classes.heading}>Figures</h2>
        <Choice
          label="Noise level t"
          width={84}
          value={shownTime === null ? null : String(shownTime)}
          options={times.map((value) => [String(value), `t = ${value}`])}
          onChange={(value) => setTime(Number(value))}
        />
        <Choice
          label="Encoder"
          width={132}
          value={shownEncoder}
          options={encoders.map((id) => [id, encoderShort(id)])}
          onChange={setEncoder}
        />
        <Choice
          label="Subject of figures of one"
          width={210}
          value={shownSubject?.key ?? null}
          options={subjects.map(({ key, label }) => [key, label])}
          onChange={setSubject}
        />
        <PaperSwitch />
        <Button
          size="xs"
          variant={paperOpen ? "light" : "default"}
          leftSection={<IconBook2 size={15} />}
          aria-expanded={paperOpen}
          onClick={onPaper}
        >
          Paper’s tables
        </Button>
      </div>
      <AllFigures
        results={results}
        runs={runs ?? []}
        subjects={subjects}
        time={shownTime}
        encoder={shownEncoder}
        subject={shownSubject}
        paper={paper}
      />
    </main>
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

import { useMemo, useState } from "react";
import type { FeatureSpaceId } from "../../../common/catalogue/featureSpaces";
import type { StoredAnalysis } from "../../../common/protocol/analysis";
import { DEFAULT_SAMPLES, type AnalysedRun } from "../../store/analysisSlice";
import { accuracyByMetric, paperAccuracyByFid, type SampleMetric } from "./accuracyByMetric";
import {
  alignmentByLayer,
  MEASURE_NAMES,
  probeByLayer,
  type AlignmentMeasure,
  type ProbeView,
} from "./byLayer";
import { HeatFigure, LineFigure, Switch } from "./Figures";
import { resultsOf } from "./found";
import { heatOverSteps, heatOverTimes, type HeatMeasure } from "./heatData";
import { MapsFigure } from "./MapsFigure";
import { cknnaOverSteps } from "./overSteps";
import { cknnaOverEncoders, cknnaOverTimes, probeOverEncoders, probeOverTimes } from "./overTimes";
import { SamplesTable } from "./SamplesTable";
import { StripsFigure } from "./StripsFigure";
import type { ShownSubject } from "./subjects";
import classes from "./analyse.module.css";

export interface AllFiguresProps {
  readonly results: readonly StoredAnalysis[];
  readonly runs: readonly AnalysedRun[];
  readonly subjects: readonly ShownSubject[];
  readonly time: number | null;
  readonly encoder: string | null;
  readonly subject: ShownSubject | undefined;
  readonly paper: boolean;
}

/** Every figure of the paper the data hold, in the paper's order. */
export function AllFigures(props: AllFiguresProps) {
  const { results, runs, subjects, encoder, subject, time, paper } = props;
  const overSteps = useMemo(() => cknnaOverSteps(runs, encoder), [runs, encoder]);
  return (
    <div className={classes.cards}>
      <ProbeByLayer {...props} />
      <AlignmentByLayer {...props} />
      <LineFigure title="CKNNA over steps and sizes" answers="Figure 2c" figure={overSteps} />
      <AccuracyByMetric {...props} />
      {paper && <PaperDots />}
      <OverTimes {...props} />
      <OverEncoders {...props} />
      <HeatOverTimes {...props} />
      <HeatOverSteps {...props} />
      <StripsFigure runs={runs} />
      <MapsFigure results={results} subject={subject} time={time} />
      <SamplesTable results={results} subjects={subjects} />
    </div>
  );
}

function ProbeByLayer({ results, subjects, time, paper }: AllFiguresProps) {
  const [view, setView] = useState<ProbeView>("accuracy");
  const figure = useMemo(
    () => probeByLayer({ results, subjects, time, view, paper }),
    [results, subjects, time, view, paper],
  );
  return (
    <LineFigure
      title={view === "accuracy" ? "Linear probe by layer, %" : "k-NN by layer, %"}
      answers="Figures 2a, 3a"
      figure={figure}
      controls={
        <Switch
          label="Probe or k-NN"
          value={view}
          names={[
            ["accuracy", "Probe"],
            ["knn", "k-NN"],
          ]}
          onChange={setView}
        />
      }
    />
  );
}

function AlignmentByLayer({ results, subjects, time, encoder, subject }: AllFiguresProps) {
  const [measure, setMeasure] = useState<AlignmentMeasure>("cknna");
  const [by, setBy] = useState<"subject" | "encoder">("subject");
  const key = subject?.key ?? null;
  const figure = useMemo(
    () =>
      alignmentByLayer({
        results,
        subjects,
        time,
        measure,
        lines: by === "subject" ? { by, encoder } : { by, subject: key },
      }),
    [results, subjects, time, measure, by, encoder, key],
  );
  return (
    <LineFigure
      title={`${MEASURE_NAMES[measure]} by layer`}
      answers="Figures 2b, 3b"
      figure={figure}
      controls={
        <>
          <Switch
            label="Measure"
            value={measure}
            names={[
              ["cknna", "CKNNA"],
              ["cka", "CKA"],
              ["mutualKnn", "k-NN"],
            ]}
            onChange={setMeasure}
          />
          <Switch
            label="Lines"
            value={by}
            names={[
              ["subject", "Subjects"],
              ["encoder", "Encoders"],
            ]}
            onChange={setBy}
          />
        </>
      }
    />
  );
}

function AccuracyByMetric({ results, subjects, runs, time }: AllFiguresProps) {
  const [metric, setMetric] = useState<SampleMetric>("kid");
  const space: FeatureSpaceId =
    resultsOf(results, subjects, "samples").at(-1)?.result.space ?? DEFAULT_SAMPLES.space;
  const figure = useMemo(
    () => accuracyByMetric({ results, subjects, runs, time, space, metric }),
    [results, subjects, runs, time, space, metric],
  );
  return (
    <LineFigure
      title="Probe against samples"
      answers="Figure 5"
      figure={figure}
      controls={
        <Switch
          label="Sample metric"
          value={metric}
          names={[
            ["kid", "KID"],
            ["frechetTop", "Fréchet"],
          ]}
          onChange={setMetric}
        />
      }
    />
  );
}

function PaperDots() {
  const figure = useMemo(() => paperAccuracyByFid(), []);
  return <LineFigure title="Probe against FID, paper’s Table 2" figure={figure} />;
}

type Reading = "cknna" | "probe";
const READINGS: readonly (readonly [Reading, string])[] = [
  ["probe", "Probe"],
  ["cknna", "CKNNA"],
];

function OverTimes({ results, subjects, encoder }: AllFiguresProps) {
  const [reading, setReading] = useState<Reading>("probe");
  const figure = useMemo(
    () =>
      reading === "probe"
        ? probeOverTimes({ results, subjects })
        : cknnaOverTimes({ results, subjects, encoder }),
    [results, subjects, encoder, reading],
  );
  return (
    <LineFigure
      title={reading === "probe" ? "Probe over t, %" : "CKNNA over t"}
      answers="Figure 8"
      figure={figure}
      controls={
        <Switch label="Reading over t" value={reading} names={READINGS} onChange={setReading} />
      }
    />
  );
}

function OverEncoders({ results, subjects, time }: AllFiguresProps) {
  const [reading, setReading] = useState<Reading>("cknna");
  const figure = useMemo(
    () =>
      reading === "probe"
        ? probeOverEncoders({ results, subjects, time })
        : cknnaOverEncoders({ results, subjects, time }),
    [results, subjects, time, reading],
  );
  return (
    <LineFigure
      title={reading === "probe" ? "Probe over encoders, %" : "CKNNA over encoders"}
      answers="Figure 8"
      figure={figure}
      controls={
        <Switch
          label="Reading over encoders"
          value={reading}
          names={READINGS}
          onChange={setReading}
        />
      }
    />
  );
}

function HeatOverTimes({ results, subject, encoder }: AllFiguresProps) {
  const [measure, setMeasure] = useState<HeatMeasure>("probe");
  const figure = useMemo(
    () => heatOverTimes({ results, subjects: subject ? [subject] : [], measure, encoder }),
    [results, subject, measure, encoder],
  );
  return (
    <HeatFigure
      title={`${measure === "probe" ? "Probe" : "CKNNA"}, layer × t`}
      figure={figure}
      controls={
        <Switch
          label="Measure of layer × t"
          value={measure}
          names={READINGS}
          onChange={setMeasure}
        />
      }
    />
  );
}

function HeatOverSteps({ results, runs, subjects, subject, time, encoder }: AllFiguresProps) {
  const [measure, setMeasure] = useState<HeatMeasure>("cknna");
  const runId = subject?.subject.kind === "run" ? subject.subject.runId : null;
  const figure = useMemo(() => {
    const run = runs.find(({ id }) => id === runId) ?? null;
    const own = subjects.filter((other) =>
      other.subject.kind === "run" ? other.subject.runId === runId : other === subject,
    );
    const name = (subject?.label ?? "").replace(/ · \d+$/, "");
    return heatOverSteps({ results, subjects: own, measure, encoder, run, time, name });
  }, [results, runs, subjects, subject, runId, measure, encoder, time]);
  return (
    <HeatFigure
      title={`${measure === "probe" ? "Probe" : "CKNNA"}, layer × step`}
      figure={figure}
      controls={
        <Switch
          label="Measure of layer × step"
          value={measure}
          names={READINGS}
          onChange={setMeasure}
        />
      }
    />
  );
}

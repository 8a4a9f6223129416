import { NumberInput, Select, Switch, UnstyledButton } from "@mantine/core";
import type { ReactNode } from "react";
import {
  FEATURE_SPACE_IDS,
  featureSpaceLabel,
  type FeatureSpaceId,
} from "../../../common/catalogue/featureSpaces";
import { LEAST_HELD_OUT } from "../../../common/config/experiment";
import type { AnalysisPlan } from "../../../common/protocol/analysis";
import { DEFAULT_SAMPLES, initialAnalysis } from "../../store/analysisSlice";
import { EncoderChecks } from "../components/EncodersField";
import { Heading, Hint } from "../components/Notes";
import { useStudio } from "../useStudio";
import classes from "./analyse.module.css";

const TIMES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] as const;
const DEFAULT_PROBE = initialAnalysis.draft.probe;

/** What is measured, on how much; what is not set is as in the run chosen first. */
export function PlanForm({ plan }: { readonly plan: AnalysisPlan | null }) {
  const draft = useStudio((state) => state.analysis.draft);
  const change = useStudio((state) => state.draftPlan);
  return (
    <section className={classes.section} aria-label="Plan">
      <Heading>What is measured</Heading>
      <Times times={draft.times} onChange={(times) => change({ times })} />
      <p className={classes.label} id="analysis-encoders-label">
        Encoders compared with
      </p>
      <EncoderChecks
        id="analysis-encoders"
        chosen={plan?.encoders ?? draft.encoders ?? []}
        disabled={false}
        onChange={(encoders) => change({ encoders })}
      />
      {COUNTS.map(({ name, ...range }) => (
        <Count
          key={name}
          {...range}
          value={draft[name] ?? plan?.[name] ?? null}
          onChange={(value) => change({ [name]: value })}
        />
      ))}
      <ProbePart probe={draft.probe} onChange={(probe) => change({ probe })} />
      <Part
        label="Samples"
        on={draft.samples !== null}
        onSwitch={(on) => change({ samples: on ? DEFAULT_SAMPLES : null })}
      >
        {draft.samples && <SampleFields samples={draft.samples} />}
      </Part>
      <Part
        label="PCA maps"
        on={draft.mapImages > 0}
        onSwitch={(on) => change({ mapImages: on ? initialAnalysis.draft.mapImages : 0 })}
      >
        {draft.mapImages > 0 && (
          <Count
            label="Images"
            value={draft.mapImages}
            min={1}
            max={16}
            onChange={(mapImages) => change({ mapImages })}
          />
        )}
      </Part>
    </section>
  );
}

/** Counts that are taken from the run chosen first unless they are set. */
const COUNTS = [
  { name: "alignmentCount", label: "Held-out images", min: LEAST_HELD_OUT, max: 10_000 },
  { name: "k", label: "Neighbours k", min: 2, max: 100 },
  { name: "seed", label: "Seed", min: 0, max: 0xffffffff },
] as const;

function ProbePart(props: {
  readonly probe: AnalysisPlan["probe"];
  readonly onChange: (probe: AnalysisPlan["probe"]) => void;
}) {
  const { probe, onChange } = props;
  return (
    <Part
      label="Linear probe and k-NN"
      on={probe !== null}
      onSwitch={(on) => onChange(on ? DEFAULT_PROBE : null)}
    >
      {probe && (
        <>
          <Count
            label="Training images"
            value={probe.trainCount}
            min={16}
            max={100_000}
            onChange={(trainCount) => onChange({ ...probe, trainCount })}
          />
          <Count
            label="Epochs"
            value={probe.epochs}
            min={1}
            max={1000}
            onChange={(epochs) => onChange({ ...probe, epochs })}
          />
        </>
      )}
    </Part>
  );
}

function Times(props: {
  readonly times: readonly number[];
  readonly onChange: (times: readonly number[]) => void;
}) {
  const { times, onChange } = props;
  const toggle = (time: number) => {
    const next = TIMES.filter((other) => (other === time) !== times.includes(other));
    if (next.length > 0) onChange(next);
  };
  const sweep = times.length === TIMES.length;
  return (
    <>
      <p className={classes.label} id="analysis-times-label">
        Noise levels t
      </p>
      <div className={classes.chips} role="group" aria-labelledby="analysis-times-label">
        {TIMES.map((time) => (
          <UnstyledButton
            key={time}
            className={classes.chip ?? ""}
            aria-pressed={times.includes(time)}
            onClick={() => toggle(time)}
          >
            {time}
          </UnstyledButton>
        ))}
        <UnstyledButton
          className={classes.chip ?? ""}
          aria-pressed={sweep}
          onClick={() => onChange(sweep ? initialAnalysis.draft.times : TIMES)}
        >
          sweep
        </UnstyledButton>
      </div>
    </>
  );
}

function SampleFields({ samples }: { readonly samples: NonNullable<AnalysisPlan["samples"]> }) {
  const change = useStudio((state) => state.draftPlan);
  return (
    <>
      <Select
        size="xs"
        allowDeselect={false}
        aria-label="Feature space of the samples"
        data={FEATURE_SPACE_IDS.map((id) => ({ value: id, label: featureSpaceLabel(id) }))}
        value={samples.space}
        onChange={(value) => {
          const space = FEATURE_SPACE_IDS.find((id): id is FeatureSpaceId => id === value);
          if (space) change({ samples: { ...samples, space } });
        }}
      />
      <Count
        label="Count"
        value={samples.count}
        min={8}
        max={50_000}
        onChange={(count) => change({ samples: { ...samples, count } })}
      />
      <Hint>256 is the least at which models can be ranked; 512 tells two close runs apart.</Hint>
    </>
  );
}

/** A part of the plan that can be left out. */
function Part(props: {
  readonly label: string;
  readonly on: boolean;
  readonly onSwitch: (on: boolean) => void;
  readonly children: ReactNode;
}) {
  const { label, on, onSwitch, children } = props;
  return (
    <div className={classes.part}>
      <Switch
        size="xs"
        label={label}
        checked={on}
        onChange={(event) => onSwitch(event.currentTarget.checked)}
      />
      {children}
    </div>
  );
}

/** A whole number; what is typed counts once it is one and within bounds. */
function Count(props: {
  readonly label: string;
  readonly value: number | null;
  readonly min: number;
  readonly max: number;
  readonly onChange: (value: number) => void;
}) {
  const { label, value, min, max, onChange } = props;
  return (
    <NumberInput
      size="xs"
      label={label}
      classNames={{ root: classes.count ?? "" }}
      hideControls
      allowDecimal={false}
      allowNegative={false}
      min={min}
      max={max}
      disabled={value === null}
      value={value ?? ""}
      onChange={(typed) => {
        if (typeof typed === "number" && typed >= min && typed <= max) onChange(typed);
      }}
    />
  );
}

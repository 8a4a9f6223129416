import { SegmentedControl } from "@mantine/core";
import type { ReactNode } from "react";
import { ChartCard, LegendKey } from "../charts/ChartCard";
import { Plot } from "../charts/Plot";
import type { FigureData } from "./figure";
import { HeatMap } from "./HeatMap";
import type { HeatData } from "./heatData";
import classes from "../charts/charts.module.css";

const HEIGHT = 208;

interface FigureProps {
  readonly title: string;
  /** The paper's figure it answers, for example "Figure 2a". */
  readonly answers?: string;
  /** Switches under the plot. */
  readonly controls?: ReactNode;
}

const answersText = (answers: string | undefined) =>
  answers === undefined ? {} : { answers: `as the paper’s ${answers}` };

/** Lines or dots in the frame of every figure. */
export function LineFigure(props: FigureProps & { readonly figure: FigureData }) {
  const { title, answers, controls, figure } = props;
  const { drawing, legend, note, table, empty } = figure;
  return (
    <ChartCard
      label={title}
      title={title}
      {...answersText(answers)}
      note={note}
      table={table}
      empty={empty}
      controls={controls}
      legend={legend.map(({ label, color, dashed = false }) => (
        <LegendKey key={label} color={color} dashed={dashed}>
          {label}
        </LegendKey>
      ))}
    >
      <div className={classes.still}>
        <Plot {...drawing} height={HEIGHT} />
      </div>
    </ChartCard>
  );
}

/** A heat map in the same frame. */
export function HeatFigure(props: FigureProps & { readonly figure: HeatData }) {
  const { title, answers, controls, figure } = props;
  return (
    <ChartCard
      label={title}
      title={title}
      {...answersText(answers)}
      note={figure.note}
      table={figure.table}
      empty={figure.empty}
      controls={controls}
    >
      <HeatMap data={figure} label={title} />
    </ChartCard>
  );
}

/** A switch between a few readings of one figure. */
export function Switch<T extends string>(props: {
  readonly label: string;
  readonly value: T;
  readonly names: readonly (readonly [T, string])[];
  readonly onChange: (value: T) => void;
}) {
  const { label, value, names, onChange } = props;
  return (
    <SegmentedControl<T>
      size="xs"
      aria-label={label}
      value={value}
      onChange={onChange}
      data={names.map(([id, name]) => ({ value: id, label: name }))}
    />
  );
}

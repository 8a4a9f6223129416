import { SegmentedControl, Select } from "@mantine/core";
import { memo, useEffect, useMemo, useState } from "react";
import { ChartCard, LegendKey } from "../charts/ChartCard";
import { Plot } from "../charts/Plot";
import { useCommands } from "../commands";
import type { Chosen, FigureInput, Reading } from "./figureInput";
import type { Figure, FigureRow } from "./figureRow";
import { HeatMap } from "./HeatMap";
import { MapsBody } from "./MapsBody";
import { SamplesBody } from "./SamplesBody";
import { StripsBody } from "./StripsBody";
import classes from "../charts/charts.module.css";

const HEIGHT = 208;

/** One figure of the registry in the frame of every figure, with what is chosen of its readings. */
export const FigureCard = memo(function FigureCard(props: {
  readonly row: FigureRow;
  readonly input: FigureInput;
}) {
  const { row, input } = props;
  const [chosen, setChosen] = useState<Chosen>({});
  const figure = useMemo(() => row.build(input, chosen), [row, input, chosen]);
  const readings = row.readings?.(input) ?? [];
  const title = row.title(chosen);
  useGrids(row.gridsOf?.(input, chosen) ?? [], input.runs);
  return (
    <ChartCard
      label={title}
      title={title}
      {...(row.paperFigure !== null && { paperFigure: `as the paper’s ${row.paperFigure}` })}
      wide={row.wide ?? false}
      note={figure.note}
      table={figure.table}
      empty={figure.empty}
      {...(figure.kind === "lines" && {
        legend: figure.legend.map(({ label, color, dashed = false }) => (
          <LegendKey key={label} color={color} dashed={dashed}>
            {label}
          </LegendKey>
        )),
      })}
      {...(readings.length > 0 && {
        controls: readings.map((reading) => (
          <ReadingControl
            key={reading.label}
            reading={reading}
            value={reading.value(chosen)}
            onChange={(id) => setChosen({ ...chosen, [reading.label]: id })}
          />
        )),
      })}
    >
      <Body figure={figure} title={title} />
    </ChartCard>
  );
});

/** Asks for the grids of up to two runs, again when the runs have changed. */
function useGrids([first, second]: readonly string[], runs: FigureInput["runs"]) {
  const { readGrids } = useCommands();
  useEffect(() => {
    const ids = [first, second].filter((id) => id !== undefined);
    if (ids.length > 0) readGrids(ids);
  }, [readGrids, first, second, runs]);
}

function Body({ figure, title }: { readonly figure: Figure; readonly title: string }) {
  switch (figure.kind) {
    case "lines":
      return (
        <div className={classes.still}>
          <Plot {...figure.drawing} height={HEIGHT} />
        </div>
      );
    case "heat":
      return <HeatMap data={figure} label={title} />;
    case "strips":
      return <StripsBody strips={figure.strips} />;
    case "maps":
      return <MapsBody columns={figure.columns} count={figure.count} />;
    case "samples":
      return <SamplesBody figure={figure} />;
  }
}

function ReadingControl(props: {
  readonly reading: Reading;
  readonly value: string | null;
  readonly onChange: (id: string) => void;
}) {
  const { reading, value, onChange } = props;
  const { label, look, options } = reading;
  const data = options.map(({ id, name }) => ({ value: id, label: name }));
  if (look === "switch") {
    return (
      <SegmentedControl
        size="xs"
        aria-label={label}
        value={value ?? ""}
        onChange={onChange}
        data={data}
      />
    );
  }
  return (
    <Select
      size="xs"
      w={210}
      allowDeselect={false}
      aria-label={label}
      data={data}
      value={value}
      disabled={options.length === 0}
      onChange={(id) => {
        if (id !== null) onChange(id);
      }}
    />
  );
}

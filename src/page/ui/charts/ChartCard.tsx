import { ActionIcon, Tooltip } from "@mantine/core";
import { IconCsv, IconFileTypeSvg, IconLogs, IconPhotoDown } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useEffect, useRef } from "react";
import { About } from "../components/About";
import { useStudio } from "../useStudio";
import type { ChartTable } from "./chartTable";
import { csvText, fileName, saveBlob, saveChartPng, saveChartSvg } from "./exportChart";
import { describeFigure } from "./figureFiles";
import classes from "./charts.module.css";

export interface ChartCardProps {
  /** Names the figure for screen readers and tests, for example "Denoising loss by training step". */
  readonly label: string;
  readonly title: string;
  /** Unit and direction of the values, shown on the title when it is pointed at. */
  readonly scale?: string;
  /** For a person who has not read the paper: what the figure says, and where the paper speaks of it. */
  readonly about?: { readonly text: string; readonly inPaper?: string | undefined };
  readonly readout?: ReactNode;
  /** Beside the readout where there is room for all of it: a number is never cut. */
  readonly aside?: ReactNode;
  /** What the numbers are: space, sample counts, intervals. */
  readonly note?: ReactNode;
  readonly legend?: ReactNode;
  /** Switches between readings of the figure; there also while it is empty. */
  readonly controls?: ReactNode;
  /** What the figure has across: "training step". */
  readonly across?: string;
  /** Undefined: the chart has no logarithmic axis; a string: why it has none at the moment. */
  readonly log?: { readonly name: string; readonly refusal: string | null };
  readonly table: ChartTable;
  /** Shown in place of the plot while there is nothing to draw. */
  readonly empty: string | null;
  /** What it corresponds to in the paper: "as the paper's Figure 2a". */
  readonly paperFigure?: string;
  readonly wide?: boolean;
  readonly figureRef?: (element: HTMLElement | null) => void;
  readonly children: ReactNode;
}

/** The frame of every figure: title, value under the cursor, axis switch, downloads, what it means. */
export function ChartCard(props: ChartCardProps) {
  const { label, title, readout, note, legend, log, table, empty, wide, children } = props;
  const { figureRef, paperFigure, controls, scale, aside, about, across } = props;
  const plot = useRef<HTMLDivElement>(null);
  const upward = scale === undefined || scale === "" ? title : `${title} (${scale})`;
  const facts = [
    ...(across === undefined ? [] : [`Across: ${across}. Upward: ${upward}.`]),
    ...(table.runs ?? []),
  ];
  const draw = (draws: (figure: HTMLElement) => void) => {
    const figure = plot.current?.closest("figure");
    if (figure) draws(figure);
  };
  useEffect(() =>
    draw((figure) => describeFigure(figure, empty === null ? { title, table, facts } : null)),
  );
  const save = () => {
    const blob = new Blob([csvText(table.header, table.rows())], { type: "text/csv" });
    saveBlob(blob, fileName(title, "csv"));
  };
  return (
    <figure
      aria-label={label}
      className={wide ? `${classes.card ?? ""} ${classes.wide ?? ""}` : classes.card}
      {...(figureRef && { ref: figureRef })}
    >
      <div className={classes.head}>
        <div className={classes.titles}>
          <h3 className={classes.title} title={scale}>
            {title}
          </h3>
          {paperFigure !== undefined && <span className={classes.paperFigure}>{paperFigure}</span>}
        </div>
        <div className={classes.readout} data-no-export="">
          {empty === null && (
            <>
              <span>{readout}</span>
              <span>{aside}</span>
            </>
          )}
        </div>
        <div className={classes.actions} data-no-export="">
          {log && <LogSwitch title={title} {...log} />}
          <ChartAction
            label={`Download ${title} as PNG`}
            disabled={empty !== null}
            onClick={() => draw((figure) => void saveChartPng(figure, title, facts))}
          >
            <IconPhotoDown size={15} stroke={1.6} />
          </ChartAction>
          <ChartAction
            label={`Download ${title} as SVG`}
            disabled={empty !== null}
            onClick={() => draw((figure) => saveChartSvg(figure, title, facts))}
          >
            <IconFileTypeSvg size={15} stroke={1.6} />
          </ChartAction>
          <ChartAction label={`Download ${title} as CSV`} disabled={empty !== null} onClick={save}>
            <IconCsv size={16} stroke={1.6} />
          </ChartAction>
        </div>
      </div>
      {empty === null ? (
        <div ref={plot}>{children}</div>
      ) : (
        <div className={classes.empty}>
          <span>{empty}</span>
        </div>
      )}
      {((empty === null && legend) || controls) && (
        <div className={classes.legend}>
          {empty === null && legend}
          {controls && (
            <span className={classes.controls} data-no-export="">
              {controls}
            </span>
          )}
        </div>
      )}
      {note && (
        <figcaption className={classes.note}>
          {note}
          {about && (
            <span className={classes.about} data-no-export="">
              <About
                label={title}
                help={about.text}
                source={
                  about.inPaper === undefined
                    ? "The paper has no figure of it."
                    : `In the paper: ${about.inPaper}`
                }
              />
            </span>
          )}
        </figcaption>
      )}
    </figure>
  );
}

function LogSwitch(props: {
  readonly title: string;
  readonly name: string;
  readonly refusal: string | null;
}) {
  const on = useStudio((state) => state.logCharts.includes(props.name));
  const toggleLog = useStudio((state) => state.toggleLog);
  return (
    <ChartAction
      label={props.refusal ?? `Logarithmic axis for ${props.title}`}
      disabled={props.refusal !== null}
      pressed={on && props.refusal === null}
      onClick={() => toggleLog(props.name)}
    >
      <IconLogs size={15} stroke={1.6} />
    </ChartAction>
  );
}

function ChartAction(props: {
  readonly label: string;
  readonly disabled: boolean;
  readonly pressed?: boolean;
  readonly onClick: () => void;
  readonly children: ReactNode;
}) {
  return (
    <Tooltip
      label={props.label}
      withArrow
      openDelay={400}
      events={{ hover: true, focus: true, touch: false }}
    >
      <ActionIcon
        variant={props.pressed ? "light" : "subtle"}
        color={props.pressed ? "iris" : "gray"}
        size="sm"
        aria-label={props.label}
        {...(props.pressed !== undefined && { "aria-pressed": props.pressed })}
        aria-disabled={props.disabled}
        data-disabled={props.disabled}
        onClick={() => {
          if (!props.disabled) props.onClick();
        }}
      >
        {props.children}
      </ActionIcon>
    </Tooltip>
  );
}

/** One line of a legend. */
export function LegendKey({
  color,
  dashed = false,
  children,
}: {
  readonly color: string;
  readonly dashed?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <span className={classes.key}>
      <span
        className={classes.swatch}
        data-swatch=""
        style={{ borderTopColor: color, borderTopStyle: dashed ? "dashed" : "solid" }}
      />
      {children}
    </span>
  );
}

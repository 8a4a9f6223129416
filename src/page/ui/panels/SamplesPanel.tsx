import { liveChanges } from "../../../common/config/imageEntries";
import { ActionIcon, Group, Tooltip, UnstyledButton } from "@mantine/core";
import { IconChevronLeft, IconChevronRight, IconDownload, IconGitFork } from "@tabler/icons-react";
import { memo, type ReactNode } from "react";
import type { TimelineEntry } from "../../../common/config/experiment";
import { guidanceInForce } from "../../../common/config/nullLabel";
import { samplerText } from "../../../common/config/samplerText";
import type { SampleGrid } from "../../../common/protocol/trainer";
import { takerOf } from "../../store/forks";
import {
  neighbourGridStep,
  selectActive,
  selectClassNames,
  selectGrid,
  selectShownStep,
} from "../../store/selectors";
import { saveBlob } from "../charts/exportChart";
import { useCommands } from "../commands";
import { Heading, Hint } from "../components/Notes";
import { changeText, shortClassName } from "../explain/names";
import { useStudio } from "../useStudio";
import { DenoisedStrip } from "./DenoisedStrip";
import classes from "./panels.module.css";
import { usePngUrl } from "./usePngUrl";

export const SamplesPanel = memo(function SamplesPanel() {
  return (
    <aside className={classes.samples} aria-label="Samples">
      <Samples />
      <DenoisedStrip />
      <Changes />
      <Checkpoint />
    </aside>
  );
});

function Samples() {
  const grid = useStudio(selectGrid);
  const count = useStudio((state) => state.samples.grids.length);
  const index = useStudio((state) => (grid ? state.samples.grids.indexOf(grid) : -1));
  return (
    <figure aria-label="Samples by training step" style={{ margin: 0 }}>
      <Group gap={2} mb={8} wrap="nowrap">
        <Heading>Samples</Heading>
        <span className={classes.count} style={{ marginLeft: 6 }}>
          {grid && `of step ${grid.step}`}
        </span>
        <div className={classes.spacer} />
        <NeighbourGrid direction={-1} label="Earlier samples">
          <IconChevronLeft size={16} />
        </NeighbourGrid>
        <span className={`${classes.count ?? ""} tabular`}>
          {count > 0 ? `${grid ? index + 1 : "–"}/${count}` : ""}
        </span>
        <NeighbourGrid direction={1} label="Later samples">
          <IconChevronRight size={16} />
        </NeighbourGrid>
        <Tooltip label="Download samples as PNG" withArrow>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            aria-label="Download samples as PNG"
            disabled={!grid}
            onClick={() => {
              if (grid) saveBlob(pngBlob(grid), `samples-step-${grid.step}.png`);
            }}
          >
            <IconDownload size={15} />
          </ActionIcon>
        </Tooltip>
      </Group>
      {grid ? <Tiles grid={grid} /> : <EmptyTiles />}
      <SamplesNote />
    </figure>
  );
}

const pngBlob = (grid: SampleGrid) => new Blob([grid.png], { type: "image/png" });

function Tiles({ grid }: { readonly grid: SampleGrid }) {
  const classNames = useStudio(selectClassNames);
  const url = usePngUrl(grid.png);
  const { columns, count, labels } = grid;
  const rows = Math.ceil(count / columns);
  return (
    <ul
      className={classes.tiles}
      style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}
    >
      {Array.from({ length: count }, (_, index) => {
        const name = classNames[labels[index] ?? -1] ?? `class ${labels[index] ?? "?"}`;
        return (
          <li key={index} className={classes.tile} title={name}>
            <div
              role="img"
              aria-label={`Sample ${index + 1}: ${name}`}
              className={classes.picture}
              style={{
                backgroundImage: url === null ? "none" : `url(${url})`,
                backgroundSize: `${columns * 100}% ${rows * 100}%`,
                backgroundPosition: `${share(index % columns, columns)} ${share(Math.floor(index / columns), rows)}`,
              }}
            />
            <div className={classes.tileName} aria-hidden="true">
              {shortClassName(classNames, labels[index] ?? -1)}
            </div>
          </li>
        );
      })}
    </ul>
  );
}

/** Position of tile `index` of `count` as a background percentage. */
const share = (index: number, count: number): string =>
  count > 1 ? `${(100 * index) / (count - 1)}%` : "0%";

function EmptyTiles() {
  const { sampling, evaluation, optimizer } = useStudio(
    ({ run, experiment }) => run.experiment ?? experiment.value,
  );
  const first = useStudio((state) => state.samples.grids[0]?.step);
  const shown = useStudio(selectShownStep);
  const size = sampling.gridSize;
  const { steps } = optimizer;
  const columns = Math.ceil(Math.sqrt(size));
  return (
    <>
      <div
        className={classes.tiles}
        aria-hidden="true"
        style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}
      >
        {Array.from({ length: size }, (_, index) => (
          <div key={index} className={classes.picture} />
        ))}
      </div>
      <Hint>
        {first === undefined
          ? `The first grid is drawn at step ${Math.min(evaluation.firstGrid || evaluation.gridEvery, evaluation.gridEvery, steps)}.`
          : `No grid was drawn up to step ${shown}; the first is of step ${first}.`}
      </Hint>
    </>
  );
}

function SamplesNote() {
  const experiment = useStudio((state) => state.run.experiment ?? state.experiment.value);
  const scale = guidanceInForce(experiment);
  return (
    <Hint component="figcaption">
      EMA weights, {samplerText(experiment)}
      {scale > 1 ? `, guidance ${scale}` : ", no guidance"}. Same noise and labels at every step.
    </Hint>
  );
}

function NeighbourGrid(props: {
  readonly direction: -1 | 1;
  readonly label: string;
  readonly children: ReactNode;
}) {
  const step = useStudio((state) => neighbourGridStep(state, props.direction));
  const setCursor = useStudio((state) => state.setCursor);
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="sm"
      aria-label={props.label}
      disabled={step === null}
      onClick={() => setCursor(step)}
    >
      {props.children}
    </ActionIcon>
  );
}

/** The control timeline as a list; a click moves the scrubber there. */
function Changes() {
  const timeline = liveChanges(useStudio((state) => state.run.timeline));
  const setCursor = useStudio((state) => state.setCursor);
  const idle = useStudio((state) => state.run.phase === "idle");
  if (idle) return null;
  return (
    <section className={classes.section} aria-label="Live changes">
      <Heading>Live changes</Heading>
      {timeline.length === 0 ? (
        <Hint>
          None yet. A setting marked live, moved while the run trains, is recorded here and marked
          in every chart.
        </Hint>
      ) : (
        <ol className={classes.timeline}>
          {timeline.map((entry) => (
            <li key={`${entry.step} ${changeText(entry.change)}`} className={classes.timelineRow}>
              <UnstyledButton
                className={classes.timelineEntry ?? ""}
                onClick={() => setCursor(entry.step)}
              >
                <span>step {entry.step}</span>
                <span>{changeText(entry.change)}</span>
              </UnstyledButton>
              <ForkBefore entry={entry} />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

/** A fork that goes on without a change; of a change that an ancestor made, a fork of that one. */
function ForkBefore({ entry }: { readonly entry: TimelineEntry }) {
  const taker = useStudio(({ data, run }) =>
    run.runId === null ? null : takerOf(data.runs, run.runId, entry.step),
  );
  const askFork = useStudio((state) => state.askFork);
  const label = `Fork before ${changeText(entry.change)}`;
  return (
    <Tooltip label={taker ? "Fork before this" : "The run that made it is deleted"} withArrow>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="sm"
        aria-label={label}
        disabled={!taker}
        onClick={() => {
          if (taker) askFork({ runId: taker.id, before: entry });
        }}
      >
        <IconGitFork size={14} />
      </ActionIcon>
    </Tooltip>
  );
}

function Checkpoint() {
  const checkpoint = useStudio((state) => state.run.checkpoint);
  const active = useStudio(selectActive);
  const runId = useStudio((state) => state.run.runId);
  const askFork = useStudio((state) => state.askFork);
  const { downloadCheckpoint } = useCommands();
  if (!checkpoint && !active) return null;
  return (
    <section className={classes.section} aria-label="Checkpoint">
      <Group gap={6} wrap="nowrap">
        <Heading>Checkpoint</Heading>
        <span className={classes.count}>
          {checkpoint ? `step ${checkpoint.step}` : "none saved yet"}
        </span>
        <div className={classes.spacer} />
        <Tooltip label="Fork the run from a checkpoint" withArrow>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            aria-label="Fork the run"
            disabled={!checkpoint || runId === null}
            onClick={() => {
              if (runId !== null) askFork({ runId, before: null });
            }}
          >
            <IconGitFork size={15} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label="Download checkpoint (safetensors)" withArrow>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            aria-label="Download checkpoint"
            onClick={downloadCheckpoint}
          >
            <IconDownload size={15} />
          </ActionIcon>
        </Tooltip>
      </Group>
    </section>
  );
}

import { liveChanges } from "../../../common/config/imageEntries";
import { ActionIcon, Button, Slider, Tooltip } from "@mantine/core";
import {
  IconChevronLeft,
  IconChevronRight,
  IconPlayerTrackNext,
  IconPlayerTrackPrev,
} from "@tabler/icons-react";
import { memo, type KeyboardEvent, type ReactNode } from "react";
import {
  nearestLoggedStep,
  neighbourGridStep,
  selectGrid,
  selectShownStep,
  steppedCursor,
} from "../../store/selectors";
import { lastStep, stepAt } from "../../store/stepLog";
import { changeText } from "../explain/names";
import { useStudio, useStudioStore } from "../useStudio";
import { PlayControl } from "./PlayControl";
import { scrubKeyMove } from "./scrubKeys";
import classes from "./panels.module.css";

/** More marks than this would be a smear under the track. */
const MAX_TICKS = 160;

/** One scrubber for the whole screen: charts' cursors, CKNNA profile and samples follow it. */
export const ScrubberBar = memo(function ScrubberBar() {
  const store = useStudioStore();
  const empty = useStudio((state) => state.run.log.length === 0);
  const atFirst = useStudio((state) => neighbourGridStep(state, -1) === null);
  const atLast = useStudio((state) => neighbourGridStep(state, 1) === null);
  const move = (count: number) =>
    store.getState().setCursor(steppedCursor(store.getState(), count));
  const toGrid = (direction: -1 | 1) => {
    const step = neighbourGridStep(store.getState(), direction);
    if (step !== null) store.getState().setCursor(step);
  };
  return (
    <section className={classes.scrubber} aria-label="Scrubber">
      <ScrubButton label="Previous grid" disabled={atFirst} onClick={() => toGrid(-1)}>
        <IconPlayerTrackPrev size={15} />
      </ScrubButton>
      <ScrubButton label="Back one" disabled={empty} onClick={() => move(-1)}>
        <IconChevronLeft size={17} />
      </ScrubButton>
      <PlayControl />
      <ScrubText />
      <ScrubSlider />
      <ScrubButton label="Forward one" disabled={empty} onClick={() => move(1)}>
        <IconChevronRight size={17} />
      </ScrubButton>
      <ScrubButton label="Next grid" disabled={atLast} onClick={() => toGrid(1)}>
        <IconPlayerTrackNext size={15} />
      </ScrubButton>
      <Follow />
    </section>
  );
});

function ScrubText() {
  const empty = useStudio((state) => state.run.log.length === 0);
  const shown = useStudio(selectShownStep);
  const grid = useStudio(selectGrid)?.step;
  return (
    <div className={classes.scrubText} aria-hidden="true">
      {empty ? "Nothing logged" : `Showing ${shown}`}
      <small>{grid === undefined ? "no grid yet" : `grid of step ${grid}`}</small>
    </div>
  );
}

function ScrubSlider() {
  const store = useStudioStore();
  const log = useStudio((state) => state.run.log);
  const shown = useStudio(selectShownStep);
  const first = Math.max(0, stepAt(log, 0));
  const last = Math.max(first + 1, lastStep(log));
  const setNearest = (step: number) => {
    const nearest = nearestLoggedStep(log, step);
    store.getState().setCursor(nearest === null || nearest >= lastStep(log) ? null : nearest);
  };
  const onKey = (event: KeyboardEvent) => {
    const move = scrubKeyMove(event.key, event.shiftKey);
    if (move === null) return;
    event.preventDefault();
    event.stopPropagation(); // the slider would move by its own step, which need not be logged
    store.getState().setCursor(move === "first" ? first : steppedCursor(store.getState(), move));
  };
  return (
    <div className={classes.scrubTrack} onKeyDownCapture={onKey}>
      <Slider
        size={4}
        thumbSize={15}
        min={first}
        max={last}
        value={Math.min(Math.max(shown, first), last)}
        disabled={log.length === 0}
        label={(step) => `step ${step}`}
        thumbLabel="Training step shown"
        onChange={setNearest}
      />
      <Ticks first={first} last={last} />
    </div>
  );
}

/** Grids below the track, changes above it. */
const Ticks = memo(function Ticks({
  first,
  last,
}: {
  readonly first: number;
  readonly last: number;
}) {
  const grids = useStudio((state) => state.samples.grids);
  const timeline = useStudio((state) => state.run.timeline);
  const changes = liveChanges(timeline);
  const left = (step: number) => `calc(8px + ${(step - first) / (last - first)} * (100% - 16px))`;
  return (
    <>
      {grids.slice(-MAX_TICKS).map(({ step }) => (
        <span key={step} className={classes.tick} style={{ left: left(step) }} />
      ))}
      {changes.slice(-MAX_TICKS).map(({ step, change }) => (
        <span
          key={`${step} ${changeText(change)}`}
          className={classes.tick}
          data-change
          style={{ left: left(step) }}
        />
      ))}
    </>
  );
});

function Follow() {
  const following = useStudio((state) => state.cursorStep === null);
  const setCursor = useStudio((state) => state.setCursor);
  return (
    <Tooltip label="Keep showing the newest (End)" withArrow>
      <Button
        className={classes.follow ?? ""}
        size="xs"
        variant={following ? "light" : "default"}
        aria-pressed={following}
        onClick={() => setCursor(null)}
      >
        Follow latest
      </Button>
    </Tooltip>
  );
}

function ScrubButton(props: {
  readonly label: string;
  readonly disabled: boolean;
  readonly onClick: () => void;
  readonly children: ReactNode;
}) {
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="md"
      aria-label={props.label}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      {props.children}
    </ActionIcon>
  );
}

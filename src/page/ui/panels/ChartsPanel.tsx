import { ActionIcon, Button, SegmentedControl, Slider, Switch, Tooltip } from "@mantine/core";
import { IconLogs } from "@tabler/icons-react";
import { Boundary } from "../components/Boundary";
import { Heading } from "../components/Notes";
import { PaperSwitch } from "../components/PaperSwitch";
import { memo, useEffect, useRef } from "react";
import { selectDrawsFork } from "../../store/figureRuns";
import { missingBytes } from "../../store/dataSlice";
import { LiveCharts } from "../charts/LiveCharts";
import { preloadPlot } from "../charts/Plot";
import { SaveFigures } from "../charts/SaveFigures";
import { bandText } from "../explain/band";
import { formatBytes } from "../explain/format";
import type { XMode } from "../../store/viewSlice";
import { useStudio, useStudioStore } from "../useStudio";
import { VerdictLine } from "../runs/VerdictLine";
import { RecordedRun } from "../recorded/RecordedRun";
import { TourOffer } from "../tour/TourOffer";
import { Notices } from "./Notices";
import classes from "./panels.module.css";

export const ChartsPanel = memo(function ChartsPanel() {
  const idle = useStudio((state) => state.run.phase === "idle");
  const cards = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!idle) preloadPlot();
  }, [idle]);
  return (
    <main className={classes.charts}>
      <Notices />
      <Welcome />
      <Boundary what="Recorded run">
        <RecordedRun />
      </Boundary>
      <div className={classes.toolbar}>
        <Heading>Charts</Heading>
        <RunName />
        <ReferenceSwitch />
        <PaperSwitch />
        <Across />
        <Smoothing />
        <SaveFigures within={cards} />
      </div>
      <VerdictLine />
      <div className={classes.cards} ref={cards}>
        <LiveCharts />
      </div>
    </main>
  );
});

function RunName() {
  const name = useStudio((state) => state.run.name);
  return name === "" ? null : <span className={classes.count}>{name}</span>;
}

/** Whether the range of the preset's reference runs is drawn; absent where there are none. */
function ReferenceSwitch() {
  const band = useStudio((state) => state.band);
  const shown = useStudio((state) => state.showBand);
  const toggle = useStudio((state) => state.toggleBand);
  if (!band) return null;
  return (
    <Tooltip label={bandText(band)} multiline w={320} withArrow openDelay={300}>
      <Switch
        size="xs"
        className={classes.reference ?? ""}
        label="Reference runs"
        checked={shown}
        onChange={toggle}
      />
    </Tooltip>
  );
}

const X_MODES: readonly { readonly value: XMode; readonly label: string }[] = [
  { value: "step", label: "Steps" },
  { value: "images", label: "Images" },
  { value: "time", label: "Seconds" },
];
const SINCE_FORK = { value: "fork", label: "Since fork" } as const;

/** What the charts have across: its unit, a logarithmic axis, and the way back from a zoom. */
function Across() {
  const mode = useStudio((state) => state.xMode);
  const log = useStudio((state) => state.xLog);
  const zoomed = useStudio((state) => state.zoom !== null);
  const modes = useStudio(selectDrawsFork) ? [...X_MODES, SINCE_FORK] : X_MODES;
  const { setXMode, toggleXLog, setZoom } = useStudioStore().getState();
  return (
    <div className={classes.across}>
      <SegmentedControl
        size="xs"
        aria-label="Across"
        data={[...modes]}
        // without a fork every run has its own start as this axis' beginning: steps
        value={modes.some(({ value }) => value === mode) ? mode : "step"}
        onChange={(value) => {
          const chosen = modes.find((one) => one.value === value);
          if (chosen) setXMode(chosen.value);
        }}
      />
      <Tooltip label="Logarithmic axis across" withArrow openDelay={300}>
        <ActionIcon
          variant={log ? "light" : "subtle"}
          color={log ? "iris" : "gray"}
          size="sm"
          aria-label="Logarithmic axis across"
          aria-pressed={log}
          onClick={toggleXLog}
        >
          <IconLogs size={15} stroke={1.6} style={{ transform: "rotate(90deg)" }} />
        </ActionIcon>
      </Tooltip>
      {zoomed && (
        <Button size="compact-xs" variant="light" onClick={() => setZoom(null)}>
          Show all
        </Button>
      )}
    </div>
  );
}

function Smoothing() {
  const smoothing = useStudio((state) => state.smoothing);
  const setSmoothing = useStudio((state) => state.setSmoothing);
  return (
    <div className={classes.smoothing}>
      <span aria-hidden="true">Smoothing</span>
      <Slider
        w={110}
        size={4}
        thumbSize={13}
        min={0}
        max={0.99}
        step={0.01}
        label={null}
        value={smoothing}
        onChange={setSmoothing}
        thumbLabel="Smoothing: weight of the moving average"
      />
      <output>{smoothing.toFixed(2)}</output>
    </div>
  );
}

/** Before the first run: what pressing the button will do, and what it costs. */
function Welcome() {
  const idle = useStudio((state) => state.run.phase === "idle");
  const costEstimate = useStudio((state) => state.data.costEstimate);
  const early = useStudio((state) => state.experiment.value.data.startEarly);
  if (!idle) return null;
  return (
    <section className={classes.welcome} aria-label="Before the first run">
      <div>
        <h2>A diffusion transformer, trained in this tab</h2>
        <p>
          Press Train: it learns to draw the built-in images while its hidden states are pulled
          toward a frozen encoder. Move λ, the depth or the encoder while it trains and watch the
          curves. Nothing leaves this machine.
          {costEstimate &&
            ` ${costEstimate.images} images are encoded once, ${early ? "while it trains on those that are" : "before it begins"}: ${formatBytes(missingBytes(costEstimate))} of browser storage.`}
          {costEstimate &&
            costEstimate.weights.length > 0 &&
            ` Weights of ${costEstimate.weights.map(({ label }) => label).join(" and ")} are downloaded once you have confirmed it.`}
        </p>
        <TourOffer />
      </div>
    </section>
  );
}

import { SegmentedControl } from "@mantine/core";
import { Activity, Suspense, useState, type ReactNode } from "react";
import { useCommands } from "../commands";
import { Boundary } from "../components/Boundary";
import { lazyPart } from "../components/lazyPart";
import { useStudio } from "../useStudio";
import { RunList } from "../runs/RunList";
import { ChartsPanel } from "./ChartsPanel";
import { ExperimentPanel } from "./ExperimentPanel";
import { HeaderBar } from "./HeaderBar";
import { LazyOverlay } from "./LazyOverlay";
import { SamplesPanel } from "./SamplesPanel";
import { ScrubberBar } from "./ScrubberBar";
import { StatusStrip } from "./StatusStrip";
import { useNoUndo } from "./useNoUndo";
import { useShortcuts } from "./useShortcuts";
import classes from "./panels.module.css";

// none of these is in the first picture: they come when they are first asked for
const StorageDrawer = lazyPart(() =>
  import("../storage/StorageDrawer").then((module) => module.StorageDrawer),
);
const ShortcutsModal = lazyPart(() =>
  import("./ShortcutsModal").then((module) => module.ShortcutsModal),
);
const Tour = lazyPart(() => import("../tour/Tour").then((module) => module.Tour));
const LinkModal = lazyPart(() => import("./LinkModal").then((module) => module.LinkModal));
const UnlinkableModal = lazyPart(() =>
  import("./UnlinkableModal").then((module) => module.UnlinkableModal),
);
const ForkDialog = lazyPart(() =>
  import("../forks/ForkDialog").then((module) => module.ForkDialog),
);
const WeightsDialog = lazyPart(() =>
  import("../weights/WeightsDialog").then((module) => module.WeightsDialog),
);
const CompareView = lazyPart(() =>
  import("../compare/CompareView").then((module) => module.CompareView),
);
const DataView = lazyPart(() => import("../data/DataView").then((module) => module.DataView));
const AnalyseView = lazyPart(() =>
  import("../analyse/AnalyseView").then((module) => module.AnalyseView),
);

/** On a narrow screen one of these is seen at a time. */
const PANELS = [
  { value: "charts", label: "Charts" },
  { value: "samples", label: "Samples" },
  { value: "settings", label: "Runs and settings" },
];

/** Header and status on top; below them the training, the Data or the Analyse view. */
export function Studio() {
  const overlay = useStudio((state) => state.overlay);
  const showOverlay = useStudio((state) => state.showOverlay);
  const close = () => showOverlay("none");
  const [panel, setPanel] = useState("charts");
  const view = useStudio((state) => state.view);
  const linked = useStudio((state) => state.link !== null);
  const unlinkable = useStudio((state) => state.unlinkable !== null);
  const setUnlinkable = useStudio((state) => state.setUnlinkable);
  const asked = useStudio(({ weights: { ask } }) => ask !== null && !ask.hidden);
  const forking = useStudio((state) => state.forks.asked !== null);
  const askFork = useStudio((state) => state.askFork);
  useShortcuts();
  const { dismissLink, declineWeights } = useCommands();
  useNoUndo();
  return (
    <div className={classes.studio} data-view={view} data-panel={panel}>
      <Boundary what="Header" frame={headerFrame}>
        <HeaderBar />
      </Boundary>
      <Boundary what="Status" frame={statusFrame}>
        <StatusStrip onStorage={() => showOverlay("storage")} />
      </Boundary>
      {/* keeps what is open and scrolled to, and draws nothing while it is not seen */}
      <Activity mode={view === "train" ? "visible" : "hidden"}>
        <SegmentedControl
          className={classes.panelChoice ?? ""}
          aria-label="Panel"
          data={PANELS}
          value={panel}
          onChange={setPanel}
        />
        <TrainView />
      </Activity>
      {view === "compare" && (
        <>
          <View what="Compare">
            <CompareView />
          </View>
          <Scrubber />
        </>
      )}
      {view === "data" && (
        <View what="Data">
          <DataView />
        </View>
      )}
      {view === "analyse" && (
        <View what="Analyse">
          <AnalyseView />
        </View>
      )}
      <LazyOverlay what="Runs and storage" wanted={overlay === "storage"} onClose={close}>
        {(opened) => <StorageDrawer opened={opened} onClose={close} />}
      </LazyOverlay>
      <LazyOverlay what="Keyboard shortcuts" wanted={overlay === "shortcuts"} onClose={close}>
        {(opened) => <ShortcutsModal opened={opened} onClose={close} />}
      </LazyOverlay>
      <LazyOverlay what="Tour" wanted={overlay === "tour"} onClose={close}>
        {(opened) => <Tour opened={opened} onClose={close} />}
      </LazyOverlay>
      <LazyOverlay what="Shared experiment" wanted={linked} onClose={dismissLink}>
        {(opened) => <LinkModal opened={opened} />}
      </LazyOverlay>
      <LazyOverlay
        what="Too long for a link"
        wanted={unlinkable}
        onClose={() => setUnlinkable(null)}
      >
        {(opened) => <UnlinkableModal opened={opened} />}
      </LazyOverlay>
      <LazyOverlay what="Fork" wanted={forking} onClose={() => askFork(null)}>
        {(opened) => <ForkDialog opened={opened} />}
      </LazyOverlay>
      <LazyOverlay what="Weights" wanted={asked} onClose={declineWeights}>
        {(opened) => <WeightsDialog opened={opened} />}
      </LazyOverlay>
    </div>
  );
}

const headerFrame = (fault: ReactNode) => <header className={classes.faultBar}>{fault}</header>;
const statusFrame = (fault: ReactNode) => (
  <section className={classes.faultStatus} aria-label="Status">
    {fault}
  </section>
);

/** Each panel for itself: a run can be watched and stopped while another panel is broken. */
function TrainView() {
  return (
    <>
      <div className={classes.left}>
        <Boundary what="Runs" frame={(fault) => <section aria-label="Runs">{fault}</section>}>
          <RunList />
        </Boundary>
        <Boundary
          what="Experiment"
          frame={(fault) => <aside className={classes.experiment}>{fault}</aside>}
        >
          <ExperimentPanel />
        </Boundary>
      </div>
      <Boundary what="Charts" frame={(fault) => <main className={classes.charts}>{fault}</main>}>
        <ChartsPanel />
      </Boundary>
      <Boundary
        what="Samples"
        frame={(fault) => <aside className={classes.samples}>{fault}</aside>}
      >
        <SamplesPanel />
      </Boundary>
      <Scrubber />
    </>
  );
}

/** One for all runs, in every view that follows its step. */
const Scrubber = () => (
  <Boundary
    what="Scrubber"
    frame={(fault) => <section className={classes.faultScrubber}>{fault}</section>}
  >
    <ScrubberBar />
  </Boundary>
);

/** A view that is loaded when it is first shown. */
function View({ what, children }: { readonly what: string; readonly children: ReactNode }) {
  return (
    <Boundary
      what={what}
      frame={(fault) => (
        <main className={classes.viewLoading} aria-label={what}>
          {fault}
        </main>
      )}
    >
      <Suspense fallback={<main className={classes.viewLoading} aria-label={what} aria-busy />}>
        {children}
      </Suspense>
    </Boundary>
  );
}

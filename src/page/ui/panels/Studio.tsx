import { Activity, lazy, Suspense, useCallback, useState } from "react";
import { useStudio } from "../useStudio";
import { ChartsPanel } from "./ChartsPanel";
import { ExperimentPanel } from "./ExperimentPanel";
import { HeaderBar } from "./HeaderBar";
import { LazyOverlay } from "./LazyOverlay";
import { SamplesPanel } from "./SamplesPanel";
import { ScrubberBar } from "./ScrubberBar";
import { StatusStrip } from "./StatusStrip";
import { useShortcuts } from "./useShortcuts";
import classes from "./panels.module.css";

// none of these is in the first picture: they come when they are first asked for
const StorageDrawer = lazy(() =>
  import("../storage/StorageDrawer").then((module) => ({ default: module.StorageDrawer })),
);
const ShortcutsModal = lazy(() =>
  import("./ShortcutsModal").then((module) => ({ default: module.ShortcutsModal })),
);
const LinkModal = lazy(() =>
  import("./LinkModal").then((module) => ({ default: module.LinkModal })),
);
const WeightsDialog = lazy(() =>
  import("../weights/WeightsDialog").then((module) => ({ default: module.WeightsDialog })),
);
const DataView = lazy(() =>
  import("../data/DataView").then((module) => ({ default: module.DataView })),
);
const AnalyseView = lazy(() =>
  import("../analyse/AnalyseView").then((module) => ({ default: module.AnalyseView })),
);

type Overlay = "none" | "storage" | "shortcuts";

/** Header and status on top; below them the training, the Data or the Analyse view. */
export function Studio() {
  const [overlay, setOverlay] = useState<Overlay>("none");
  const openStorage = useCallback(() => setOverlay("storage"), []);
  const openShortcuts = useCallback(() => setOverlay("shortcuts"), []);
  const close = useCallback(() => setOverlay("none"), []);
  const view = useStudio((state) => state.view);
  const linked = useStudio((state) => state.link !== null);
  const asked = useStudio(({ weights: { ask } }) => ask !== null && !ask.hidden);
  useShortcuts(openShortcuts);
  return (
    <div className={classes.studio} data-view={view}>
      <HeaderBar onStorage={openStorage} onShortcuts={openShortcuts} />
      <StatusStrip onStorage={openStorage} />
      {/* keeps what is open and scrolled to, and draws nothing while it is not seen */}
      <Activity mode={view === "train" ? "visible" : "hidden"}>
        <ExperimentPanel />
        <ChartsPanel />
        <SamplesPanel />
        <ScrubberBar />
      </Activity>
      {view === "data" && (
        <Suspense fallback={<main className={classes.viewLoading} aria-label="Data" aria-busy />}>
          <DataView />
        </Suspense>
      )}
      {view === "analyse" && (
        <Suspense
          fallback={<main className={classes.viewLoading} aria-label="Analyse" aria-busy />}
        >
          <AnalyseView />
        </Suspense>
      )}
      <LazyOverlay wanted={overlay === "storage"}>
        {(opened) => <StorageDrawer opened={opened} onClose={close} />}
      </LazyOverlay>
      <LazyOverlay wanted={overlay === "shortcuts"}>
        {(opened) => <ShortcutsModal opened={opened} onClose={close} />}
      </LazyOverlay>
      <LazyOverlay wanted={linked}>{(opened) => <LinkModal opened={opened} />}</LazyOverlay>
      <LazyOverlay wanted={asked}>{(opened) => <WeightsDialog opened={opened} />}</LazyOverlay>
    </div>
  );
}

import { useCallback, useState } from "react";
import { ChartsPanel } from "./ChartsPanel";
import { ExperimentPanel } from "./ExperimentPanel";
import { HeaderBar } from "./HeaderBar";
import { LinkModal } from "./LinkModal";
import { SamplesPanel } from "./SamplesPanel";
import { ScrubberBar } from "./ScrubberBar";
import { ShortcutsModal } from "./ShortcutsModal";
import { StatusStrip } from "./StatusStrip";
import { StorageDrawer } from "./StorageDrawer";
import { useShortcuts } from "./useShortcuts";
import classes from "./panels.module.css";

type Overlay = "none" | "storage" | "shortcuts";

/** The one screen: header and status on top, experiment left, charts, samples right, scrubber below. */
export function Studio() {
  const [overlay, setOverlay] = useState<Overlay>("none");
  const openStorage = useCallback(() => setOverlay("storage"), []);
  const openShortcuts = useCallback(() => setOverlay("shortcuts"), []);
  const close = useCallback(() => setOverlay("none"), []);
  useShortcuts(openShortcuts);
  return (
    <div className={classes.studio}>
      <HeaderBar onStorage={openStorage} onShortcuts={openShortcuts} />
      <StatusStrip onStorage={openStorage} />
      <ExperimentPanel />
      <ChartsPanel />
      <SamplesPanel />
      <ScrubberBar />
      <StorageDrawer opened={overlay === "storage"} onClose={close} />
      <ShortcutsModal opened={overlay === "shortcuts"} onClose={close} />
      <LinkModal />
    </div>
  );
}

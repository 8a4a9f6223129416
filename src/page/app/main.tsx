import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createBridge } from "../bridge/bridge";
import { createStudioStore } from "../store/studioStore";
import { readAddress } from "./address";
import { Boundary } from "../ui/components/Boundary";
import { App } from "./App";
import { showAppFault } from "./AppFault";
import { readBenchAddress } from "./benchAddress";
import { CannotRun } from "./CannotRun";
import { checkCapability } from "./capability";
import { missingParts } from "./requirements";
import { watchTab } from "./watchTab";

function showStudio(root: HTMLElement): void {
  const { experiment, presetId, presetAsked, backend, restore } = readAddress(
    window.location.search,
  );
  const store = createStudioStore(experiment, presetId);
  const bridge = createBridge(store, {
    backend,
    presetAsked,
    restore,
    codeVersion: __CODE_VERSION__,
  });

  void checkCapability("gpu" in navigator ? navigator.gpu : undefined, backend).then(
    store.getState().setCapability,
  );
  watchTab(store);
  createRoot(root).render(
    <StrictMode>
      <Boundary what="REPA Studio" show={showAppFault}>
        <App store={store} commands={bridge} />
      </Boundary>
    </StrictMode>,
  );
}

const root = document.getElementById("root");
const bench = readBenchAddress(window.location.search);
const missing = missingParts(window);
if (root) {
  if (missing.length > 0) {
    const { origin } = window.location;
    createRoot(root).render(
      <CannotRun missing={missing} secure={window.isSecureContext} origin={origin} />,
    );
  }
  // few come for the bench: it is not part of the first load
  else if (bench) void import("./Bench").then(({ showBench }) => showBench(root, bench));
  else showStudio(root);
}

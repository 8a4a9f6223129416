import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createBridge } from "../bridge/bridge";
import { createStudioStore } from "../store/studioStore";
import { readAddress } from "./address";
import { App } from "./App";
import { checkCapability } from "./capability";

const { experiment, presetId, presetAsked, backend } = readAddress(window.location.search);
const store = createStudioStore(experiment, presetId);
const bridge = createBridge(store, {
  backend,
  presetAsked,
  codeVersion: __CODE_VERSION__,
});

void checkCapability("gpu" in navigator ? navigator.gpu : undefined, backend).then(
  store.getState().setCapability,
);

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App store={store} commands={bridge} />
    </StrictMode>,
  );
}

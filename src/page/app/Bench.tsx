import "../ui/mantine.css";
import "@mantine/core/styles/Progress.css";
import "../ui/theme.css";
import { MantineProvider } from "@mantine/core";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createBenchBridge } from "../bridge/workers/benchBridge";
import type { BenchRequest } from "../../common/protocol/bench";
import { createBenchStore } from "../store/benchStore";
import { Boundary } from "../ui/components/Boundary";
import { BenchPage } from "../ui/bench/BenchPage";
import { theme } from "../ui/theme";
import { showAppFault } from "./AppFault";

/** The page behind `?bench`, in place of the studio. */
export function showBench(root: HTMLElement, request: BenchRequest): void {
  const store = createBenchStore(request);
  const { start, cancel } = createBenchBridge(store, __CODE_VERSION__);
  createRoot(root).render(
    <StrictMode>
      <Boundary what="Bench" show={showAppFault}>
        <MantineProvider theme={theme} defaultColorScheme="auto">
          <BenchPage store={store} onStart={start} onCancel={cancel} />
        </MantineProvider>
      </Boundary>
    </StrictMode>,
  );
}

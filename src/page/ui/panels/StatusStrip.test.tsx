import { MantineProvider } from "@mantine/core";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { Experiment } from "../../../common/config/experiment";
import type { RunEvent } from "../../../common/protocol/trainer";
import { createStudioStore } from "../../store/studioStore";
import { StoreContext } from "../useStudio";
import { elapsedText } from "./Elapsed";
import { StatusStrip } from "./StatusStrip";

/** The status line after these events of a new run. */
function markup(events: readonly RunEvent[]): string {
  const experiment = Experiment.parse({});
  const store = createStudioStore(experiment);
  store.getState().beginRun({ runId: "a", name: "Test", experiment, timeline: [] });
  store.getState().applyRunEvents(events);
  // rendering without a browser asks for the state the page was opened with
  const now = { ...store, getInitialState: store.getState };
  return renderToStaticMarkup(
    <MantineProvider>
      <StoreContext value={now}>
        <StatusStrip onStorage={() => undefined} />
      </StoreContext>
    </MantineProvider>,
  );
}

const compiling = (done: number): RunEvent => ({
  type: "phase",
  phase: "compiling",
  step: 0,
  detail: `GPU programs: ${done} of 31 compiled`,
});

test("while programs are compiled the status line says how many are done", () => {
  const html = markup([compiling(0), compiling(12)]);
  expect(html).toContain("First step");
  expect(html).toContain("GPU programs: 12 of 31 compiled");
});

test("while the first step computes the status line says what it does", () => {
  const detail = "First step: forward pass, block 3 of 12";
  expect(markup([compiling(31), { type: "activity", detail }])).toContain(detail);
  expect(markup([compiling(31), { type: "activity", detail: "" }])).not.toContain("GPU programs");
});

test("a wait is counted from its third second on, and only where there is nothing else to count", () => {
  expect(elapsedText("compiling", 2.9)).toBe("");
  expect(elapsedText("compiling", 95.7)).toBe("1 min 35 s");
  expect(elapsedText("loading", 7)).toBe("7 s");
  expect(elapsedText("training", 95)).toBe("");
});

test("scripts read the step as a number", () => {
  const html = markup([{ type: "phase", phase: "training", step: 41 }]);
  expect(html).toContain('data-step="41"');
  expect(html).not.toContain("data-total");
});

test("once it trains nothing is left of it", () => {
  expect(markup([compiling(31), { type: "phase", phase: "training", step: 1 }])).not.toContain(
    "GPU programs",
  );
});

test("a device whose kernels failed the self-check says so; one stored by an earlier version opens", () => {
  const device = { backend: "webgpu", adapter: "a GPU", slow: false, float16: true } as const;
  const failed = { name: "shared 4x4", reason: "Linear off by 0.8" };
  const selfCheck = { tiles: [failed], operations: [] };
  expect(markup([{ type: "device", device: { ...device, selfCheck } }])).toContain("self-check");
  const stored = { ...device, distrusted: ["StudioLinear"] };
  const html = markup([{ type: "device", device: stored }]);
  expect(html).toContain("a GPU");
  expect(html).not.toContain("self-check");
});

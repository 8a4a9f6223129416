import { MantineProvider } from "@mantine/core";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { Experiment } from "../../../common/config/experiment";
import type { DenoisedStrip, SampleGrid } from "../../../common/protocol/trainer";
import { createStudioStore } from "../../store/studioStore";
import type { StudioCommands } from "../../commands/studioCommands";
import { CommandsContext } from "../commands";
import { StoreContext } from "../useStudio";
import { SamplesPanel } from "./SamplesPanel";

const grid = (step: number): SampleGrid => ({
  step,
  png: new ArrayBuffer(4),
  count: 1,
  columns: 1,
  tile: 64,
  labels: [0],
});

const strip: DenoisedStrip = { png: new ArrayBuffer(4), tile: 64, times: [0.1, 0.5] };

/** The panel of a run of 60 steps with these grids, at a step, as text. */
function text(grids: readonly number[], cursor: number | null, denoised?: DenoisedStrip): string {
  const store = createStudioStore(Experiment.parse({ evaluation: { gridEvery: 7 } }));
  const experiment = Experiment.parse({
    optimizer: { steps: 60 },
    evaluation: { gridEvery: 1000 },
  });
  store.getState().beginRun({ runId: "a", name: "Test", experiment, timeline: [] });
  const points = [{ step: 50, velocityLoss: 1, projLoss: 0, gradNorm: 1, stepMs: 1 }];
  store.getState().applyRunEvents([{ type: "steps", points }]);
  for (const step of grids) {
    const drawn = { ...grid(step), ...(denoised && { denoised }) };
    store.getState().applyRunEvents([{ type: "grid", grid: drawn }]);
  }
  store.getState().setCursor(cursor);
  return renderToStaticMarkup(
    <MantineProvider>
      <StoreContext value={{ ...store, getInitialState: store.getState }}>
        <CommandsContext value={{} as StudioCommands}>
          <SamplesPanel />
        </CommandsContext>
      </StoreContext>
    </MantineProvider>,
  )
    .replaceAll(/<style.*?<\/style>/gs, "")
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ");
}

test("the grid at or before the cursor is shown, with its step", () => {
  expect(text([20, 40], null)).toContain("of step 40 2/2");
  expect(text([20, 40], 30)).toContain("of step 20 1/2");
});

test("before the first grid none is shown, and it is said where the first one is", () => {
  const shown = text([20, 40], 10);
  expect(shown).toContain("–/2");
  expect(shown).toContain("No grid was drawn up to step 10; the first is of step 20.");
});

test("where none was drawn, the run's own settings say when one will be", () => {
  expect(text([], null)).toContain("The first grid is drawn at step 60.");
});

test("the strip of predicted images is there with its grid, and absent from grids of earlier versions", () => {
  expect(text([20], null)).not.toContain("What the model thinks");
  const shown = text([20], null, strip);
  expect(shown).toContain("What the model thinks x₀ is image t = 0.1 t = 0.5");
  expect(shown).toContain("the data its velocity leads back to");
});

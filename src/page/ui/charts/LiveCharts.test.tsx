import { MantineProvider } from "@mantine/core";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { Experiment } from "../../../common/config/experiment";
import type { Measurement } from "../../../common/protocol/trainer";
import { appendSteps, emptyStepLog } from "../../store/stepLog";
import { createStudioStore } from "../../store/studioStore";
import { StoreContext } from "../useStudio";
import { LiveCharts } from "./LiveCharts";

const MEASURED: readonly Measurement[] = [
  {
    kind: "sampleQuality",
    step: 100,
    space: "tiny-vit, token mean",
    sampleCount: 256,
    pairCount: 128,
    referenceCount: 3000,
    kid: 30.5,
    kidLow: 25.25,
    kidHigh: 35,
    kidFloor: 0.2,
    frechetTop: 8,
    components: 24,
    frechetFloor: 0.4,
  },
  {
    kind: "layerAlignment",
    step: 100,
    encoder: "tiny-vit",
    imageCount: 64,
    k: 10,
    time: 0.5,
    cknna: [0.1, 0.2],
    cka: [0.3, 0.4],
    mutualKnn: [0.5, 0.6],
    chance: 0.012,
  },
  {
    kind: "gradientConflict",
    step: 100,
    encoders: ["tiny-vit"],
    encoderDepth: 1,
    projCoeff: 0.5,
    objective: "cosine",
    imageCount: 8,
    batchSize: 16,
    blocks: [{ cosine: -0.25, velocityNorm: 1, alignmentNorm: 2 }],
    embedders: { cosine: 0.5, velocityNorm: 4, alignmentNorm: 5 },
  },
];

/** The charts of a run that measured these, as text a figure. */
function figures(measurements: readonly Measurement[]) {
  const experiment = Experiment.parse({});
  const store = createStudioStore(experiment);
  store.getState().restoreRun({
    runId: "a",
    name: "Test",
    experiment,
    timeline: [],
    phase: "finished",
    device: null,
    log: appendSteps(emptyStepLog(), [
      { step: 100, velocityLoss: 0.5, projLoss: -0.25, gradNorm: 1.5, stepMs: 10 },
    ]),
    measurements,
    grids: [],
    checkpoint: null,
  });
  // rendering without a browser asks for the state the page was opened with
  const now = { ...store, getInitialState: store.getState };
  const html = renderToStaticMarkup(
    <MantineProvider>
      <StoreContext value={now}>
        <LiveCharts />
      </StoreContext>
    </MantineProvider>,
  );
  return html
    .split("<figure ")
    .slice(1)
    .map((figure) => ({
      label: /aria-label="([^"]*)"/.exec(figure)?.[1],
      title: /<h3[^>]*>([^<]*)</.exec(figure)?.[1],
      text: figure.replaceAll(/<[^>]*>/g, ""),
    }));
}

const TITLES = [
  ["Denoising loss by training step", "Denoising loss"],
  ["Alignment loss by training step", "Alignment loss"],
  ["CKNNA by layer", "CKNNA by layer"],
  ["CKNNA by training step", "CKNNA over steps"],
  ["KID by training step", "KID × 1000"],
  ["Fréchet distance by training step", "Fréchet, top 24 PCs"],
  ["Gradient norm by training step", "Gradient norm"],
  ["Gradient conflict by block", "Gradient conflict by block"],
];

test("the metrics have their charts, in one order", () => {
  const labels = TITLES.map(([label]) => label);
  const found = figures(MEASURED).filter(({ label }) => labels.includes(label));
  expect(found.map(({ label, title }) => [label, title])).toEqual(TITLES);
});

test("each chart tells its value and what was measured on", () => {
  const found = figures(MEASURED);
  const text = (label: string) => found.find((figure) => figure.label === label)?.text;
  expect(text("KID by training step")).toContain("30.5 [25.3, 35]");
  expect(text("KID by training step")).toContain(
    "n = 256 samples against 3000 real · tiny-vit, token mean",
  );
  expect(text("Fréchet distance by training step")).toContain("n = 128 on each side");
  expect(text("CKNNA by training step")).toContain("best 0.2, block 2");
  expect(text("CKNNA by layer")).toContain(
    "n = 64 held-out, k = 10, t = 0.5, token mean · chance 0.012",
  );
  expect(text("Gradient conflict by block")).toContain("lowest −0.25, block 1");
  expect(text("Gradient norm by training step")).toContain("1.5");
});

test("before anything is measured a chart says when it will be, and the conflict has none", () => {
  const found = figures([]);
  expect(found.map(({ label }) => label)).not.toContain("Gradient conflict by block");
  expect(found.find(({ title }) => title === "KID × 1000")?.text).toContain(
    "First measured at step",
  );
  expect(found.find(({ title }) => title === "Fréchet, top 32 PCs")?.text).toContain("not an FID");
});

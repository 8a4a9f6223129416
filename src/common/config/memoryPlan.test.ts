import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryExperiment } from "../../../test/arbitraryExperiment";
import { autoencoderRow } from "../catalogue/autoencoders";
import { encoderRow } from "../catalogue/encoders";
import { isFrozen, linearRules, transformerParameters } from "../../engine/models/transformerInit";
import { Experiment } from "./experiment";
import { BLOCK_TENSORS, memoryPlan, planInput, planOf } from "./memoryPlan";
import { PRESETS } from "./presets";
import { gridSide, latentShape, modelShape } from "./sizes";
import { spaceCost } from "./spaceCost";

const bytesOf = (plan: ReturnType<typeof planOf>, name: string) =>
  plan.rows.filter((row) => row.name === name).reduce((sum, row) => sum + row.bytes, 0);

/** SiT-S/2 as the paper trains it: 256 px images, 32x32x4 latents, 1000 classes. */
const S2 = {
  ...planInput(Experiment.parse({ model: { size: "S" } })),
  latent: { side: 32, channels: 4 },
  classes: 1000,
  batchSize: 32,
  microBatch: 32,
};

describe("the plan of S/2 at batch 32 on 32x32x4 latents", () => {
  test("is below 4 GB, and most of it are activations", () => {
    const plan = planOf(S2);
    expect(plan.peakBytes).toBeLessThan(4e9);
    expect(plan.trainingBytes).toBeGreaterThan(0.6 * plan.peakBytes);
  });

  test("is below 4 GB with targets as wide as DINOv2-B's too", () => {
    expect(planOf({ ...S2, featureWidths: [768] }).peakBytes).toBeLessThan(4e9);
  });

  test("is what docs/fidelity.md says it is", () => {
    const told = readFileSync(new URL("../../../docs/fidelity.md", import.meta.url), "utf8");
    const gb = (change: object) => (planOf({ ...S2, ...change }).peakBytes / 1e9).toFixed(2);
    const figures = `latents: ${gb({})} GB with 128-wide targets, ${gb({ featureWidths: [768] })} GB with 768-wide ones (DINOv2-B), ${gb({ recompute: true })} GB recomputed`;
    expect(told.replaceAll(/\s+/g, " ")).toContain(figures);
  });

  test("the gradient-conflict meter takes a second way back, which comes and goes before samples are drawn", () => {
    const metered = planOf({ ...S2, measuresConflict: true });
    const [plain, gradients] = [planOf(S2), bytesOf(metered, "Gradients")];
    expect(bytesOf(metered, "Gradient conflict")).toBe(plain.trainingBytes + 2 * gradients);
    expect(metered.peakBytes).toBe(
      plain.peakBytes - plain.evaluationBytes + plain.trainingBytes + 2 * gradients,
    );
  });

  test("a step's bytes fall below a third with recomputation, and with micro-batches of 8", () => {
    const { trainingBytes } = planOf(S2);
    expect(planOf({ ...S2, recompute: true }).trainingBytes).toBeLessThan(trainingBytes / 3);
    expect(planOf({ ...S2, microBatch: 8 }).trainingBytes).toBeLessThan(trainingBytes / 3);
  });

  test("keeps 14 tensors of [B, T, D] a block, 1 of them when blocks are recomputed", () => {
    const kept = BLOCK_TENSORS.filter(({ onlyWith }) => !onlyWith);
    expect(kept.reduce((sum, { btd }) => sum + (btd ?? 0), 0)).toBe(14);
    const btd = 32 * 256 * 384 * 4;
    expect(bytesOf(planOf(S2), "Blocks: qkv")).toBe(12 * 3 * btd);
    expect(bytesOf(planOf(S2), "Blocks: attention logsumexp")).toBe(12 * 32 * 6 * 256 * 4);
    const lean = planOf({ ...S2, recompute: true });
    expect(bytesOf(lean, "Blocks: block input")).toBe(12 * btd);
    expect(bytesOf(lean, "Blocks: qkv")).toBe(3 * btd);
  });
});

test.each(PRESETS.map(({ id, experiment }) => [id, experiment] as const))(
  "%s: parameters and moments are what the model and its projectors are made of",
  (_, experiment) => {
    const { side, channels } = latentShape(experiment);
    const { width, depth, heads } = modelShape(experiment.model);
    const rules = transformerParameters({
      family: experiment.model.family,
      inputSide: side,
      inChannels: channels,
      patchSize: experiment.model.patchSize,
      width,
      depth,
      numHeads: heads,
      numClasses: 9,
      qkNorm: experiment.model.qkNorm,
      mlpRatio: 4,
      frequencySize: 256,
    });
    const inner = experiment.alignment.projectorWidth;
    const encoder = encoderRow(experiment.alignment.encoders[0] ?? "tiny-vit");
    // the three linears of src/engine/models/projector.ts
    const projector = {
      ...linearRules("projectors.0.0", width, inner),
      ...linearRules("projectors.0.2", inner, inner),
      ...linearRules("projectors.0.4", inner, encoder.width),
    };
    const counts = Object.entries({ ...rules, ...projector }).map(
      ([name, rule]) => [name, rule.shape.reduce((product, size) => product * size, 1)] as const,
    );
    const total = (frozen: boolean) =>
      counts.reduce((sum, [name, count]) => sum + (frozen || !isFrozen(name) ? count : 0), 0);
    const plan = memoryPlan(experiment);
    expect(bytesOf(plan, "Parameters")).toBe(4 * total(true));
    expect(bytesOf(plan, "EMA")).toBe(4 * total(true));
    for (const name of ["First moment", "Second moment", "Gradients"]) {
      expect(bytesOf(plan, name)).toBe(4 * total(false));
    }
  },
);

test("rows add up, and less at once never takes more", () => {
  fc.assert(
    fc.property(arbitraryExperiment, (experiment) => {
      fc.pre(Number.isInteger(gridSide(experiment))); // others are refused before they are planned
      const plan = memoryPlan(experiment);
      const of = (group: string) =>
        plan.rows.filter((row) => row.group === group).reduce((sum, row) => sum + row.bytes, 0);
      expect(of("state")).toBe(plan.stateBytes);
      expect(of("training")).toBe(plan.trainingBytes);
      expect(plan.peakBytes).toBe(plan.stateBytes + of("training") + of("evaluation"));
      expect(plan.rows.every(({ bytes }) => Number.isSafeInteger(bytes) && bytes >= 0)).toBe(true);
      const input = planInput(experiment);
      const kept = planOf({ ...input, recompute: false });
      expect(planOf({ ...input, recompute: true }).trainingBytes).toBeLessThanOrEqual(
        kept.trainingBytes,
      );
    }),
  );
});

test("the frozen networks are as large as the committed weights", () => {
  for (const id of ["tiny-kl", "tiny-vit"] as const) {
    const url = new URL(`../../../public/models/${id}.json`, import.meta.url);
    const card = JSON.parse(readFileSync(url, "utf8")) as { parameters: number };
    const cost = id === "tiny-kl" ? autoencoderRow(id) : spaceCost(id);
    expect(cost.parameters).toBe(card.parameters);
  }
});

test("a larger feature space takes its weights and its peak, and the default what it always took", () => {
  const inputOf = (space: Experiment["evaluation"]["space"]) =>
    planInput(Experiment.parse({ evaluation: { space } }));
  expect(inputOf("tiny-vit")).toEqual(planInput(Experiment.parse({})));
  const [tiny, dino, inception] = [
    inputOf("tiny-vit"),
    inputOf("dinov2-b"),
    inputOf("inception-v3"),
  ];
  expect(dino.frozenBytes - tiny.frozenBytes).toBe(346_318_848 - 4 * 826_240);
  expect(inception.frozenBytes - tiny.frozenBytes).toBe(4 * (23_885_392 - 826_240));
  expect(dino.frozenPeakBytes).toBeGreaterThan(tiny.frozenPeakBytes);
  expect(inception.frozenPeakBytes).toBeGreaterThan(32 * 8e6); // 32 images at 299 px
});

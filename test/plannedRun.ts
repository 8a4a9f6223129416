import * as tf from "@tensorflow/tfjs-core";
import type { PlanInput } from "../src/common/config/memoryPlan";
import type { ModelFamily } from "../src/common/config/modelFamily";
import { randomNormal, randomUniform } from "../src/common/math/rng";
import { initProjector } from "../src/engine/models/projector";
import type { TransformerShape } from "../src/engine/models/transformer";
import { initTransformer } from "../src/engine/models/transformerInit";
import { backward } from "../src/engine/nn/backward";
import { repaLoss, type TrainBatch } from "../src/engine/training/trainStep";
import { atBackwardStart, countDataBytes } from "./dataBytes";
import { randomParams } from "./randomParams";
import { disposeBatch, TINY_OPTIONS } from "./tinyRun";

/** A model large enough that what is kept outweighs the odd ends. */
export const NANO: PlanInput = {
  step: "fused",
  model: { family: "sit", width: 128, depth: 4, heads: 4, patchSize: 2, qkNorm: false },
  latent: { side: 16, channels: 4 },
  classes: 9,
  hasNullLabel: true,
  batchSize: 4,
  microBatch: 4,
  recompute: false,
  objective: "cosine",
  projectorWidth: 256,
  featureWidths: [128],
  evaluated: 4,
  guided: false,
  measuresConflict: false,
  frozenBytes: 0,
  frozenPeakBytes: 0,
};

/** Variants of `NANO`. */
export interface NanoOptions {
  readonly qkNorm?: boolean;
  readonly family?: ModelFamily;
}

const normals = (stream: string, shape: number[]) =>
  tf.tensor(
    randomNormal(
      { seed: 7, stream },
      shape.reduce((product, size) => product * size, 1),
    ),
    shape,
  );

/** `NANO` as a model and a batch. */
export function nano({ qkNorm = false, family = "sit" }: NanoOptions = {}) {
  const { model, latent, classes, batchSize, projectorWidth } = NANO;
  const shape: TransformerShape = {
    family,
    inputSide: latent.side,
    inChannels: latent.channels,
    patchSize: model.patchSize,
    width: model.width,
    depth: model.depth,
    numHeads: model.heads,
    numClasses: classes,
    qkNorm,
    mlpRatio: 4,
    frequencySize: 256,
  };
  const projector = initProjector({
    seed: 0,
    encoderId: "encoder",
    index: 0,
    inDim: model.width,
    width: projectorWidth,
    outDim: 128,
  });
  const latents = [batchSize, latent.side, latent.side, latent.channels];
  const batch: TrainBatch = {
    latents: normals("latents", latents) as tf.Tensor4D,
    noise: normals("noise", latents) as tf.Tensor4D,
    t:
      family === "dit"
        ? Float32Array.of(0, 250, 600, 999)
        : randomUniform({ seed: 7, stream: "t" }, batchSize),
    labels: Int32Array.of(0, 3, 8, 9),
    features: [normals("features", [batchSize, 64, 128]) as tf.Tensor3D],
  };
  return { shape, values: { ...initTransformer(shape, 0), ...projector }, batch };
}

/** Bytes a step of `NANO` on the current backend holds when the backward pass begins, and its peak. */
export async function measured(recompute: boolean, options: NanoOptions = {}) {
  const { shape, values, batch } = nano(options);
  const params = randomParams(values);
  const { pos_embed: frozen, ...trained } = params;
  const loss = () => repaLoss(params, batch, { ...TINY_OPTIONS, shape, recompute }).total;
  const { held, peak, value, gradients } = countDataBytes((bytes) => {
    let held = 0;
    const noted = () => atBackwardStart(loss, () => (held = bytes.held()));
    const found = backward(noted, Object.values(trained));
    return { held, peak: bytes.peak(), ...found };
  });
  await value.data();
  tf.dispose([value, gradients, trained, frozen]);
  disposeBatch(batch);
  return { held, peak };
}

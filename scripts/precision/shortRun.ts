import { toTrainBatch } from "../../src/engine/bench/trainerVariant";
import { workloadOptions, type Workload } from "../../src/engine/bench/workloads";
import type { StudioBackend } from "../../src/engine/kernels/studioBackend";
import { initProjector } from "../../src/engine/models/projector";
import { initTransformer } from "../../src/engine/models/transformerInit";
import { gatherRows, makeBatch } from "../../src/engine/training/batch";
import { createDeviceTrainer } from "../../src/engine/training/deviceTrainer";
import { withMixedPrecision } from "../../src/engine/training/mixedPrecision";
import { disposeBatch } from "../../src/engine/training/trainBatch";
import type { Trainer } from "../../src/engine/training/trainer";
import { createTrainState } from "../../src/engine/training/trainState";
import type { PrecisionImages } from "./images";

const SEED = 0;
const LEARNING_RATE = 1e-3; // the preset First minute's
const REPORT_EVERY = 20;

export interface RunLosses {
  readonly name: string;
  /** By step. */
  readonly velocity: number[];
  readonly alignment: number[];
}

/** One run in float32 and one in mixed precision, the same steps in turn. */
export async function runBoth(
  backend: StudioBackend,
  workload: Workload,
  { source, features }: PrecisionImages,
  steps: number,
  report: (line: string) => void,
): Promise<RunLosses[]> {
  const { shape, projectorWidth, featureWidth, batch: batchSize } = workload;
  const projector = { seed: SEED, encoderId: "tiny-vit", index: 0, inDim: shape.width };
  const values = () => ({
    ...initTransformer(shape, SEED),
    ...initProjector({ ...projector, width: projectorWidth, outDim: featureWidth }),
  });
  const open = () => createDeviceTrainer(backend, createTrainState(values()));
  const trainers: (RunLosses & { readonly trainer: Trainer })[] = [
    { name: "float32", trainer: open(), velocity: [], alignment: [] },
    {
      name: "mixed precision",
      trainer: withMixedPrecision(backend, open()),
      velocity: [],
      alignment: [],
    },
  ];
  const plain = workloadOptions(workload);
  const options = { ...plain, adamW: { ...plain.adamW, learningRate: LEARNING_RATE } };
  const settings = {
    seed: SEED,
    batchSize,
    labelDrop: 0.1,
    timeLaw: "uniform",
    path: "linear",
  } as const;
  for (let step = 1; step <= steps; step++) {
    const drawn = await makeBatch(source, settings, step);
    const batch = toTrainBatch(workload, {
      ...drawn,
      features: gatherRows(features, drawn.images),
    });
    for (const { trainer, velocity, alignment } of trainers) {
      await trainer.prepare(batch, options, () => undefined);
      const logged = trainer.step(batch, options);
      const [velocityLoss = NaN, projLoss = NaN] = await logged.data();
      logged.dispose();
      velocity.push(velocityLoss);
      alignment.push(projLoss);
    }
    disposeBatch(batch);
    if (step % REPORT_EVERY === 0) {
      report(
        `step ${step}: ${trainers.map(({ velocity }) => velocity.at(-1)?.toFixed(5)).join(", ")}`,
      );
    }
  }
  return trainers.map(({ name, velocity, alignment }) => ({ name, velocity, alignment }));
}

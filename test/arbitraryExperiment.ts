import fc from "fast-check";
import { AUTOENCODER_IDS } from "../src/common/catalogue/autoencoders";
import { ENCODER_IDS } from "../src/common/catalogue/encoders";
import { MODEL_FAMILIES } from "../src/common/config/modelFamily";
import {
  Experiment,
  MODEL_SIZES,
  type ControlChange,
  type TimelineEntry,
} from "../src/common/config/experiment";

/** Finite, without -0, which JSON does not keep. */
const number = (min: number, max: number) =>
  fc.double({ min, max, noNaN: true }).map((value) => value + 0);
const int = (min: number, max: number) => fc.integer({ min, max });
const encoders = fc.array(fc.constantFrom(...ENCODER_IDS), { minLength: 1, maxLength: 3 });
const imported = fc.option(
  fc.record({
    hash: fc.stringMatching(/^[0-9a-f]{64}$/),
    source: fc.string({ minLength: 1, maxLength: 300 }),
    resolution: int(1, 14).map((eighth) => 8 * eighth), // beyond, NT-Xent plans pass 2^53 bytes
    classes: int(1, 100_000),
    images: int(2, 10_000_000),
  }),
);
const optional = { requiredKeys: [] };

/** Any experiment the schema accepts; about half of its settings keep their defaults. */
export const arbitraryExperiment: fc.Arbitrary<Experiment> = fc
  .record({
    data: fc.record(
      {
        dataset: fc.constantFrom("emoji", "imported"),
        imported,
        imageLimit: int(0, 1e7),
        holdOutFraction: number(0.02, 0.5),
        startEarly: fc.boolean(),
      },
      optional,
    ),
    autoencoder: fc.record({ id: fc.constantFrom(...AUTOENCODER_IDS) }, optional),
    model: fc.record(
      {
        family: fc.constantFrom(...MODEL_FAMILIES),
        size: fc.constantFrom(...MODEL_SIZES),
        width: int(2, 1024).map((quarter) => 4 * quarter),
        depth: int(1, 48),
        heads: int(1, 64),
        patchSize: fc.constantFrom(1, 2, 4, 8),
        qkNorm: fc.boolean(),
      },
      optional,
    ),
    alignment: fc.record(
      {
        projCoeff: number(0, 10),
        encoderDepth: int(1, 48),
        encoders,
        objective: fc.constantFrom("cosine", "ntxent"),
        temperature: number(0.01, 1),
        projectorWidth: int(8, 8192),
      },
      optional,
    ),
    transport: fc.record(
      {
        path: fc.constantFrom("linear", "cosine"),
        timeLaw: fc.constantFrom("uniform", "lognormal"),
      },
      optional,
    ),
    optimizer: fc.record(
      {
        learningRate: number(1e-9, 0.1),
        batchSize: int(1, 1024),
        steps: int(1, 1e7),
        seed: int(0, 0xffffffff),
        labelDrop: number(0, 1),
        emaDecay: number(0, 0.999999),
        maxGradNorm: number(1e-6, 1e6),
        weightDecay: number(0, 1),
        beta1: number(0, 0.9999),
        beta2: number(0, 0.99999),
        recompute: fc.boolean(),
        mixedPrecision: fc.boolean(),
      },
      optional,
    ),
    accumulated: int(0, 2),
    sampling: fc.record(
      {
        solver: fc.constantFrom("euler", "heun", "euler-maruyama"),
        ddpmSampler: fc.constantFrom("ancestral", "ddim"),
        guidedChannels: fc.constantFrom("all", "first-three"),
        steps: int(1, 1000),
        guidanceScale: number(1, 20),
        guidanceLow: number(0, 1),
        guidanceHigh: number(0, 1),
        gridSize: int(1, 64),
        noiseSeed: int(0, 0xffffffff),
      },
      optional,
    ),
    evaluation: fc.record(
      {
        gridEvery: int(1, 1e6),
        firstGrid: int(0, 1e6),
        metricsEvery: int(1, 1e6),
        checkpointEvery: int(1, 1e6),
        sampleCount: int(8, 50_000),
        heldOutCount: int(4, 10_000),
        cknnaTime: number(0.01, 0.99),
        cknnaK: int(2, 100),
      },
      optional,
    ),
  })
  .map(({ accumulated, ...settings }) => {
    const { optimizer, ...others } = Experiment.parse(settings);
    // a proper divisor of the batch, or none
    const microBatch = optimizer.batchSize / 2 ** accumulated;
    const divides = accumulated > 0 && Number.isInteger(microBatch);
    return Experiment.parse({
      ...others,
      optimizer: { ...optimizer, microBatch: divides ? microBatch : null },
    });
  });

const arbitraryChange: fc.Arbitrary<ControlChange> = fc.record(
  {
    projCoeff: number(0, 10),
    encoderDepth: int(1, 48),
    encoders,
    objective: fc.constantFrom("cosine" as const, "ntxent" as const),
    temperature: number(0.01, 1),
  },
  optional,
);

export const arbitraryTimeline: fc.Arbitrary<TimelineEntry[]> = fc.array(
  fc.record(
    { step: int(0, 1e6), change: arbitraryChange, images: int(1, 1e6) },
    { requiredKeys: ["step", "change"] },
  ),
  { maxLength: 5 },
);

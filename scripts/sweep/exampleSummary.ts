import type { RunSummary } from "./summary";

/** A summary for tests: First minute with this λ and seed, and this KID in both spaces. */
export function exampleSummary({
  projCoeff,
  seed,
  kid,
}: {
  readonly projCoeff: number;
  readonly seed: number;
  readonly kid: number;
}): RunSummary {
  const quality = {
    ...{ sampleCount: 2048, referenceCount: 3000 },
    ...{ kid, kidLow: kid - 10, kidHigh: kid + 10, kidFloor: 0 },
    ...{ frechetTop: 2, frechetFloor: 0.1, frechetFull: 3, precision: 0.5, recall: 0.25 },
  };
  return {
    id: `projCoeff-${projCoeff}_seed-${seed}`,
    settings: { "alignment.projCoeff": projCoeff },
    seed,
    steps: 1000,
    velocityLoss: 0.8,
    stepMs: 120,
    cknna: [{ encoder: "tiny-vit", blocks: [0.2, 0.3], chance: 0.01 }],
    probe: null,
    quality: { "tiny-vit": quality, "patch-histogram": quality },
    device: { backend: "wasm", adapter: "" },
    codeVersion: "0.1.0",
  };
}

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { Experiment } from "./experiment";
import { memoryPlan } from "./memoryPlan";
import { bytesToAsk, memoryRefusal, roomRefusal, WASM_HEAP_BYTES } from "./memoryRefusal";

/** A model of the paper on 32x32x4 latents: 128 px images through an autoencoder that halves twice. */
const paper = (size: "S" | "B" | "L" | "XL", optimizer: object) =>
  Experiment.parse({
    model: { size },
    optimizer,
    data: {
      dataset: "imported",
      imported: {
        hash: "0".repeat(64),
        source: "folder:test",
        resolution: 128,
        classes: 1000,
        images: 5000,
      },
    },
    alignment: { projectorWidth: 2048 },
    sampling: { gridSize: 4 },
    evaluation: { sampleCount: 32 },
  });

const WASM = { backend: "wasm" } as const;

test("the heap's limit is that of tfjs' wasm module", () => {
  const folder = createRequire(import.meta.url).resolve(
    "@tensorflow/tfjs-backend-wasm/package.json",
  );
  const module = readFileSync(
    folder.replace("package.json", "wasm-out/tfjs-backend-wasm.js"),
    "utf8",
  );
  expect(module).toContain(`getHeapMax(){return ${WASM_HEAP_BYTES}}`);
});

test("wasm holds S/2 at batch 8 and B/2 at batch 1 with 256 tokens, and nothing larger", () => {
  expect(memoryRefusal(paper("S", { batchSize: 8 }), WASM)).toBeNull();
  expect(memoryRefusal(paper("B", { batchSize: 1 }), WASM)).toBeNull();
  for (const size of ["L", "XL"] as const) {
    const refusal = memoryRefusal(paper(size, { batchSize: 1 }), WASM);
    expect(refusal?.code).toBe("OUT_OF_MEMORY");
    const plan = memoryPlan(paper(size, { batchSize: 1 }), "plain");
    expect(refusal?.message).toContain(`SiT-${size}`);
    expect(refusal?.message).toContain(`${(plan.peakBytes / 1e9).toFixed(2)} GB`);
    expect(refusal?.message).toContain("4.29 GB");
    expect(refusal?.hint).toContain("SiT-B");
  }
});

test("a batch that does not fit is offered micro-batches first", () => {
  const refusal = memoryRefusal(paper("S", { batchSize: 64 }), WASM);
  expect(refusal?.hint).toMatch(/^These would fit: Micro-batches of \d+ \(\d\.\d\d GB\)/);
});

test("a GPU is asked for its largest buffer alone: flat states lie in as many as they need", () => {
  const usual = { backend: "webgpu", maxBufferBytes: 2 ** 28, maxBindingBytes: 2 ** 27 } as const;
  for (const size of ["B", "L", "XL"] as const) {
    expect(memoryRefusal(paper(size, { batchSize: 1 }), usual)).toBeNull();
  }
  const refusal = memoryRefusal(paper("B", { batchSize: 256 }), usual);
  expect(refusal?.code).toBe("OUT_OF_MEMORY");
  expect(refusal?.message).toContain(
    "binds at most 0.13 GB at once; an MLP's inner layer would take 0.81 GB",
  );
  expect(refusal?.hint).toContain("Micro-batches of 32");
});

test("nothing is known against a run in plain JavaScript, or on a GPU that told no limits", () => {
  expect(memoryRefusal(paper("XL", { batchSize: 256 }), { backend: "cpu" })).toBeNull();
  expect(memoryRefusal(paper("XL", { batchSize: 256 }), { backend: "webgpu" })).toBeNull();
});

test("a GPU is asked for the memory of a large run alone, and what it did not give is told", () => {
  expect(bytesToAsk(Experiment.parse({}))).toBeNull();
  const large = paper("XL", { batchSize: 1 });
  expect(bytesToAsk(large)).toBeGreaterThan(13e9);
  expect(roomRefusal(large).message).toMatch(
    /SiT-XL \(\d+ M parameters\) at batch 1 takes 1\d\.\d\d GB/,
  );
  expect(roomRefusal(large).hint).toContain("SiT-L");
});

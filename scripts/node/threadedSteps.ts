/**
 * Steps on wasm in Node with one thread, then with more: `node scripts/run.mjs scripts/node/threadedSteps.ts THREADS`
 * prints a line of JSON: the threads, the state's checksum before and after they started, and whether tfjs left a global
 * behind that Node lacks. The process then ends by itself (wasmThreads.test.ts).
 */
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { setThreadsCount } from "@tensorflow/tfjs-backend-wasm";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import { createTrainerVariant } from "../../src/engine/bench/trainerVariant";
import { workloadById } from "../../src/engine/bench/workloads";
import { registerWasmKernels, startWasmThreads, wasmThreads } from "../../src/engine/kernels/wasm";
import { createPlainTrainer, type Trainer } from "../../src/engine/training/trainer";
import { useBackend } from "../../workers/useBackend";
import { checkoutPlaces } from "./places";
import { nodeWasmThreads } from "./wasmThreads";

const STEPS = 2;
const isWorkerGlobal = () => "Worker" in globalThis;
const { during, startThread } = nodeWasmThreads(
  checkoutPlaces(resolve("."), "default").wasmThreads,
);

/** Checksum of losses and parameters after steps from the same start. */
async function checksum(): Promise<string> {
  const hash = createHash("sha256");
  const opened: Trainer[] = [];
  const variant = await createTrainerVariant({
    name: "steps",
    workload: workloadById("reference", 4),
    prepare: () => Promise.resolve(),
    open: (initial) => {
      const trainer = createPlainTrainer(initial);
      opened.push(trainer);
      return trainer;
    },
    clockMs: () => performance.now(),
  });
  for (let i = 0; i < STEPS; i++) hash.update(Float64Array.from((await variant.step()).losses));
  for (const parameter of Object.values(opened[0]?.state().params ?? {})) {
    hash.update(await parameter.data());
  }
  variant.dispose();
  return hash.digest("hex");
}

const before = isWorkerGlobal();
registerWasmKernels();
setThreadsCount(1);
await during(() => useBackend("wasm"));
const one = await checksum();
await startWasmThreads(Number(process.argv[2] ?? 2) - 1, startThread);
const more = await checksum();
const leftGlobal = isWorkerGlobal() !== before;
console.log(JSON.stringify({ threads: wasmThreads(), one, more, leftGlobal }));

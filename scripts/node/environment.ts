import { setTimeout as sleep } from "node:timers/promises";
import type { SessionEnvironment } from "../../src/sessions/common/environment";
import { storedWeights } from "../../src/sessions/weights/weightsSession";
import { openStudioDb } from "../../src/common/storage/openDb";
import { hubTools } from "../../workers/hubTools";
import { createRuntime } from "../../workers/runtime";
import { readDirectory } from "../readDirectory";
import { startDawn } from "./dawn";
import type { NodePlaces } from "./places";
import { pngCodec } from "./pngCodec";
import { sharedRuntime } from "./sharedRuntime";
import { nextTurn } from "./turn";
import { nodeWasmThreads } from "./wasmThreads";

/** tfjs in this process. Dawn is started only when a backend asks for a GPU. */
function nodeRuntime(places: NodePlaces): SessionEnvironment["startRuntime"] {
  let gpu: GPU | undefined;
  const start = createRuntime({
    gpu: () => gpu,
    wasmPaths: `${places.wasm}/`,
    wasmThreads: nodeWasmThreads(places.wasmThreads, places.threads),
    openDatabase: () => openStudioDb(),
    clockMs: () => performance.now(),
  });
  return sharedRuntime(async (choice, onLost) => {
    if (choice === "webgpu") gpu = await startDawn(places.adapter, places.dawn);
    // without a driver or Dawn's binary `auto` is the slow mode, as in a browser without WebGPU
    if (choice === "auto") {
      gpu = await startDawn(places.adapter, places.dawn).catch(() => undefined);
    }
    return start(choice, onLost);
  });
}

/** The real surroundings of a session in Node: files on disk, the process's database (openState) and its GPU. */
export const nodeEnvironment = (places: NodePlaces): SessionEnvironment => ({
  startRuntime: nodeRuntime(places),
  openDatabase: () => openStudioDb(),
  readDataFile: readDirectory(places.emoji),
  readModelFile: readDirectory(places.models),
  ...storedWeights((onClosed) => openStudioDb(undefined, { onClosed })),
  imageCodec: pngCodec,
  hub: hubTools,
  nowMs: () => Date.now(),
  clockMs: () => performance.now(),
  turn: nextTurn,
  wait: (ms) => sleep(ms, undefined, { ref: false }), // a process with nothing else to do may end
  codeVersion: places.codeVersion,
});

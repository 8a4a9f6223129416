import { resolve } from "node:path";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { checkoutPlaces } from "../../scripts/node/places";
import { nodeWasmThreads } from "../../scripts/node/wasmThreads";
import { startWasm, type WasmKernelSets } from "../wasmKernels";

/** tfjs' wasm backend in Node. @param threads absent: as many as a run takes */
export function startWasmInNode(threads?: number): Promise<WasmKernelSets> {
  const { wasm, wasmThreads } = checkoutPlaces(resolve("."), "default");
  setWasmPaths(`${wasm}/`);
  return startWasm(nodeWasmThreads(wasmThreads, threads));
}

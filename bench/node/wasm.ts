import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { startWasm, type WasmKernelSets } from "../wasmKernels";

/** tfjs' wasm backend in Node: SIMD, one thread. */
export function startWasmInNode(): Promise<WasmKernelSets> {
  const packageJson = createRequire(resolve("package.json")).resolve(
    "@tensorflow/tfjs-backend-wasm/package.json",
  );
  setWasmPaths(`${join(dirname(packageJson), "dist")}/`);
  setThreadsCount(1);
  return startWasm();
}

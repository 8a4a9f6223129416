import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { DataConfig } from "../../src/common/config/experiment";
import { inMemory, type InMemoryDataset } from "./inMemory";
import { loadEmoji } from "../../src/sources/data/emoji";
import { registerWasmKernels } from "../../src/engine/kernels/wasm";

export const CACHE_DIR = ".cache/pretrain";
export const MODELS_DIR = "public/models";
export const EMOJI_DIR = "public/emoji";

export const readFrom = (folder: string) => (name: string) =>
  readFile(join(folder, name)).then((bytes) => new Uint8Array(bytes));

/** tfjs on its wasm backend, one thread: autoencoder and encoder are trained side by side. */
export async function startWasm(): Promise<string> {
  const packageJson = createRequire(resolve("package.json")).resolve(
    "@tensorflow/tfjs-backend-wasm/package.json",
  );
  setWasmPaths(`${join(dirname(packageJson), "dist")}/`);
  setThreadsCount(1);
  if (!(await tf.setBackend("wasm")) || tf.getBackend() !== "wasm") {
    throw new Error("The wasm backend did not start.");
  }
  await tf.ready();
  registerWasmKernels();
  return "wasm (SIMD, one thread), Node";
}

export const loadImages = async (): Promise<InMemoryDataset> =>
  inMemory(await loadEmoji(readFrom(EMOJI_DIR), DataConfig.parse({})));

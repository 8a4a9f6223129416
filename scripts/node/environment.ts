import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { StudioError } from "../../src/errors/studioError";
import type { ReadFile } from "../../src/formats/readFile";
import { HUGGING_FACE } from "../../src/hub/hosts";
import { pause } from "../../src/hub/pause";
import type { SessionEnvironment } from "../../src/sessions/environment";
import { storedWeights } from "../../src/sessions/weightsSession";
import { openStudioDb } from "../../src/storage/db";
import { createRuntime } from "../../workers/runtime";
import { startDawn } from "./dawn";
import type { NodePlaces } from "./places";
import { pngCodec } from "./pngCodec";
import { sharedRuntime } from "./sharedRuntime";
import { nextTurn } from "./turn";

/** As in the browser: a connection that gives nothing for this long has most likely gone. */
const SILENT_MS = 30_000;

/** Files of a folder on disk. @throws StudioError DOWNLOAD_FAILED naming the path */
const readFrom =
  (folder: string): ReadFile =>
  async (name) => {
    const path = join(folder, name);
    try {
      return new Uint8Array(await readFile(path));
    } catch (cause) {
      throw new StudioError(
        "DOWNLOAD_FAILED",
        `${path} could not be read: ${cause instanceof Error ? cause.message : String(cause)}`,
        "Name the folder that holds it, or restore the file.",
        { cause },
      );
    }
  };

/** tfjs in this process. Dawn is started only when a backend asks for a GPU. */
function nodeRuntime(places: NodePlaces): SessionEnvironment["startRuntime"] {
  let gpu: GPU | undefined;
  const start = createRuntime({
    gpu: () => gpu,
    wasmPaths: `${places.wasm}/`,
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
  readDataFile: readFrom(places.emoji),
  readModelFile: readFrom(places.models),
  ...storedWeights(() => openStudioDb()),
  imageCodec: pngCodec,
  hub: {
    places: HUGGING_FACE,
    fetch: (url, init) => fetch(url, init),
    sleep: pause,
    silence: (signal) => pause(SILENT_MS, signal),
    nowMs: () => Date.now(),
  },
  nowMs: () => Date.now(),
  clockMs: () => performance.now(),
  turn: nextTurn,
  codeVersion: places.codeVersion,
});

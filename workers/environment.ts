import { browserCodec } from "../src/data/browserCodec";
import { fetchFile } from "../src/data/fetchFile";
import { HUGGING_FACE } from "../src/hub/hosts";
import type { HubTools } from "../src/hub/hubClient";
import { pause } from "../src/hub/pause";
import type { SessionEnvironment } from "../src/sessions/environment";
import { storedWeights } from "../src/sessions/weightsSession";
import { openStudioDb } from "../src/storage/db";
import { browserRuntime } from "./browserRuntime";
import { createTurn } from "./turn";

/** Workers are built into assets/, one folder below the page; the development server has them elsewhere. */
const siteAddress = (path: string): string =>
  new URL(`${import.meta.env.DEV ? "/" : "../"}${path}`, self.location.href).href;

/** A connection that gives nothing for this long has most likely gone with the network it ran through. */
const SILENT_MS = 30_000;

const hubTools: HubTools = {
  places: HUGGING_FACE,
  fetch: (url, init) => fetch(url, init),
  sleep: pause,
  silence: (signal) => pause(SILENT_MS, signal),
  nowMs: () => Date.now(),
};

/** The real surroundings of a session: this worker's clock, files beside the page, its database and GPU. */
export const workerEnvironment = (): SessionEnvironment => ({
  startRuntime: browserRuntime,
  openDatabase: () => openStudioDb(),
  readDataFile: fetchFile(siteAddress("emoji/")),
  readModelFile: fetchFile(siteAddress("models/")),
  ...storedWeights(() => openStudioDb()),
  imageCodec: browserCodec,
  hub: hubTools,
  nowMs: () => Date.now(),
  clockMs: () => performance.now(),
  turn: createTurn(),
  codeVersion: __CODE_VERSION__,
});

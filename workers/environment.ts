import { browserCodec } from "../src/sources/data/browserCodec";
import { loadPart } from "../src/common/errors/loadPart";
import { fetchFile } from "../src/common/formats/fetchFile";
import type { SessionEnvironment } from "../src/sessions/common/environment";
import { storedWeights } from "../src/sessions/weights/weightsSession";
import { openStudioDb } from "../src/common/storage/openDb";
import { hubTools } from "./hubTools";
import { createTurn } from "./turn";

/** Workers are built into assets/, one folder below the page; the development server has them elsewhere. */
const siteAddress = (path: string): string =>
  new URL(`${import.meta.env.DEV ? "/" : "../"}${path}`, self.location.href).href;

/** The real surroundings of a session: this worker's clock, files beside the page, its database and GPU. */
export const workerEnvironment = (): SessionEnvironment => ({
  startRuntime: async (choice, onLost) => {
    const { browserRuntime } = await loadPart(() => import("./browserRuntime"));
    return browserRuntime(choice, onLost);
  },
  openDatabase: () => openStudioDb(),
  readDataFile: fetchFile(siteAddress("emoji/")),
  readModelFile: fetchFile(siteAddress("models/")),
  ...storedWeights((onClosed) => openStudioDb(undefined, { onClosed })),
  imageCodec: browserCodec,
  hub: hubTools,
  nowMs: () => Date.now(),
  clockMs: () => performance.now(),
  turn: createTurn(),
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  codeVersion: __CODE_VERSION__,
});

import type { ModelSources } from "../../engine/encoders/modelSources";
import type { StudioError } from "../../common/errors/studioError";
import type { ImageCodec } from "../../sources/data/imageCodec";
import type { ReadFile } from "../../common/formats/readFile";
import type { HubTools } from "../../sources/hub/hubClient";
import type { BackendChoice, DeviceReport } from "../../common/protocol/shared";
import type { Database } from "../../common/storage/db";

/** Interfaces of the surroundings: clocks, files, the database and the compute backend. */
export interface SessionEnvironment extends ModelSources {
  /** Starts tfjs; `onLost` reports a device that is gone. */
  readonly startRuntime: (
    choice: BackendChoice,
    onLost: (failure: StudioError) => void,
  ) => Promise<DeviceReport>;
  readonly openDatabase: () => Promise<Database>;
  /** Files of the built-in data set, by name below public/emoji. */
  readonly readDataFile: ReadFile;
  /** Decodes the user's images. */
  readonly imageCodec: ImageCodec;
  /** The model hub, over the network. */
  readonly hub: HubTools;
  /** Milliseconds since the epoch, for records. */
  readonly nowMs: () => number;
  /** A monotonic clock in milliseconds, for step times. */
  readonly clockMs: () => number;
  /** Lets messages be handled: resolves after the event loop has turned. */
  readonly turn: () => Promise<void>;
  /** Resolves after so many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
  /** Recorded with every run. */
  readonly codeVersion: string;
}

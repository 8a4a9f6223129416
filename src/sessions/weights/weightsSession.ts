import { ENCODER_ROWS } from "../../common/catalogue/encoders";
import { hubFileKey, type HubFile } from "../../common/catalogue/hubFile";
import type { ModelSources } from "../../engine/encoders/modelSources";
import { mayBeEncoders } from "../../engine/encoders/vitNames";
import { fileFacts } from "../../sources/hub/hubClient";
import type { WeightsApi, WeightsEvent, WeightsOptions } from "../../common/protocol/weights";
import type { Database } from "../../common/storage/db";
import { deletable } from "../../common/storage/deletable";
import { assertRoomFor } from "../../common/storage/quota";
import { deleteWeights, listWeights, weightsSummary } from "../../common/storage/weights";
import type { SessionEnvironment } from "../common/environment";
import { downloadWeights, importWeightsFile, openWeights } from "./fetchWeights";
import type { WeightsJob } from "./keepWeights";
import { outcomeOf } from "../common/outcome";
import { withDatabase } from "../common/withDatabase";

/** Files of encoders. Their text towers are left out; autoencoders are stored whole. */
const ENCODER_FILES = new Set(
  ENCODER_ROWS.flatMap(({ weights }) => (weights.kind === "hub" ? weights.files : [])).map(
    hubFileKey,
  ),
);

const everything = () => true;
/** Longest wait for the hub's checksum of a dropped file. Without it the file is stored as not verified. */
const ASKING_MS = 5000;

/** The weights part of the features worker: fetches, stores and lists them; one download at a time. */
export function createWeightsSession(environment: SessionEnvironment): WeightsApi {
  let controller = new AbortController();

  /** A job that ends the one before it. */
  const newJob = (
    file: HubFile,
    options: WeightsOptions,
    onEvent: (event: WeightsEvent) => void,
  ): WeightsJob => {
    controller.abort();
    controller = new AbortController();
    const needed = ENCODER_FILES.has(hubFileKey(file)) ? mayBeEncoders : everything;
    return { file, options, onEvent, needed, signal: controller.signal };
  };
  const tools = {
    ...environment.hub,
    clockMs: environment.clockMs,
    assertRoomFor: (bytes: number, what: string) =>
      assertRoomFor(bytes, what, () => withDatabase(environment, deletable)),
  };

  /** The hub's checksum; null without a network, where a file can be dropped as well. */
  const knownSha256 = async (job: WeightsJob): Promise<string | null> => {
    if (job.file.byHand !== undefined) return null; // the hub has none
    return Promise.race([
      fileFacts(environment.hub, job.file, job.signal).then(
        ({ sha256 }) => sha256,
        () => null,
      ),
      environment.hub.sleep(ASKING_MS, job.signal).then(() => null),
    ]);
  };

  return {
    downloadWeights: (file, options, onEvent) => {
      const job = newJob(file, options, onEvent);
      return outcomeOf(() =>
        withDatabase(environment, async (db) =>
          weightsSummary(db, await downloadWeights(tools, db, job)),
        ),
      );
    },
    cancelDownload: () => {
      controller.abort();
      return Promise.resolve();
    },
    importWeights: (file, picked, options, onEvent) => {
      const job = newJob(file, options, onEvent);
      return outcomeOf(() =>
        withDatabase(environment, async (db) => {
          const given = { name: picked.name, blob: picked, knownSha256: await knownSha256(job) };
          return weightsSummary(db, await importWeightsFile(tools, db, job, given));
        }),
      );
    },
    storedWeights: () => outcomeOf(() => withDatabase(environment, listWeights)),
    deleteWeights: (key) =>
      outcomeOf(() => withDatabase(environment, (db) => deleteWeights(db, key)).then(() => null)),
  };
}

/** Opens stored weights for the networks of a worker, over one connection that stays open for their tensors. */
export function storedWeights(
  openDatabase: (onClosed: () => void) => Promise<Database>,
): Pick<ModelSources, "openWeights"> {
  let opening: Promise<Database> | undefined;
  return {
    openWeights: async (files) => {
      opening ??= openDatabase(() => (opening = undefined)); // the next call says why it was closed
      opening.catch(() => (opening = undefined)); // a later call tries again
      return openWeights(await opening, files);
    },
  };
}

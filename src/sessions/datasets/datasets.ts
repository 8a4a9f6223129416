import type { Experiment } from "../../common/config/experiment";
import type { ImageDataset } from "../../sources/data/dataset";
import { loadEmoji } from "../../sources/data/emoji";
import type { Database } from "../../common/storage/db";
import type { SessionEnvironment } from "../common/environment";
import { openImportedDataset } from "./importedDataset";

/**
 * The images an experiment names: the built-in ones or those that were imported. Imported ones are read from `db`
 * when they are asked for, so it stays open as long as they are used.
 *
 * @throws StudioError DATASET_MISSING and CHECKSUM_MISMATCH for imported images; what `loadEmoji` throws
 */
export const loadDataset = (
  { readDataFile }: Pick<SessionEnvironment, "readDataFile">,
  db: Database,
  data: Experiment["data"],
): Promise<ImageDataset> =>
  data.dataset === "imported" ? openImportedDataset(db, data) : loadEmoji(readDataFile, data);

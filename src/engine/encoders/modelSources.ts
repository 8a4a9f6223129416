import type { HubFile } from "../../common/catalogue/hubFile";
import { StudioError } from "../../common/errors/studioError";
import type { ReadFile } from "../../common/formats/readFile";
import type { TensorSource } from "../../common/formats/tensorSource";

/** Where weights are read from. */
export interface ModelSources {
  /** Built-in files, by name below public/models. */
  readonly readModelFile: ReadFile;
  /** Weights of a published model as stored in this browser; throws WEIGHTS_MISSING when none of its files is there. */
  readonly openWeights: (files: readonly HubFile[]) => Promise<TensorSource>;
}

/** None of a model's files is stored here; the preferred one is named. */
export function weightsMissing([preferred]: readonly HubFile[]): StudioError {
  const what = preferred
    ? `${preferred.repo}/${preferred.file} (${Math.ceil(preferred.bytes / 1e6)} MB)`
    : "of a model without files";
  return new StudioError(
    "WEIGHTS_MISSING",
    `The weights ${what} are not in this browser's storage.`,
    "Download them under Data, or fetch the file in another way and drop it onto the studio.",
  );
}

/** Sources of a place without a store: the built-in models alone. */
export const builtInOnly = (readModelFile: ReadFile): ModelSources => ({
  readModelFile,
  openWeights: (files) => Promise.reject(weightsMissing(files)),
});

import type { HubFile } from "../catalogue/hubFile";
import { StudioError } from "../errors/studioError";
import type { ReadFile } from "../formats/readFile";
import type { TensorSource } from "../formats/tensorSource";

/** Where weights are read from. */
export interface ModelSources {
  /** Built-in files, by name below public/models. */
  readonly readModelFile: ReadFile;
  /** Weights of a published model as stored in this browser; throws WEIGHTS_MISSING when none of its files is there. */
  readonly openWeights: (files: readonly HubFile[]) => Promise<TensorSource>;
}

/** None of a model's files is stored here. */
export const weightsMissing = (files: readonly HubFile[]): StudioError =>
  new StudioError(
    "WEIGHTS_MISSING",
    `The weights are not stored here: ${files.map(({ repo, file }) => `${repo}/${file}`).join(" or ")}.`,
    "Download them, or drop the file into the studio.",
  );

/** Sources of a place without a store: the built-in models alone. */
export const builtInOnly = (readModelFile: ReadFile): ModelSources => ({
  readModelFile,
  openWeights: (files) => Promise.reject(weightsMissing(files)),
});

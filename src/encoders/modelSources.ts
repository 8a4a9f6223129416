import type { HubFile } from "../catalogue/hubFile";
import type { ReadFile } from "../formats/readFile";
import type { TensorSource } from "../formats/tensorSource";

/** Where weights are read from. */
export interface ModelSources {
  /** Built-in files, by name below public/models. */
  readonly readModelFile: ReadFile;
  /** Weights of a published model as stored in this browser; throws WEIGHTS_MISSING when none of its files is there. */
  readonly openWeights: (files: readonly HubFile[]) => Promise<TensorSource>;
}

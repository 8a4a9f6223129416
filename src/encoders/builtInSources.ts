import { hubFileKey } from "../catalogue/hubFile";
import { StudioError } from "../errors/studioError";
import type { ReadFile } from "../formats/readFile";
import type { ModelSources } from "./modelSources";

/** The built-in models alone: nothing that was published elsewhere is at hand. */
export const builtInSources = (readModelFile: ReadFile): ModelSources => ({
  readModelFile,
  openWeights: (files) => {
    const wanted = files.map(hubFileKey).join(" or ");
    return Promise.reject(
      new StudioError(
        "WEIGHTS_MISSING",
        `${wanted} is not stored here.`,
        "Download the weights first, or choose a built-in model.",
      ),
    );
  },
});

import { proxy } from "comlink";
import type { FeaturesApi } from "../../src/common/protocol/features";
import type { ImageReport, ImportSource, InspectOptions } from "../../src/common/protocol/datasets";
import type { Outcome } from "../../src/common/protocol/shared";
import { createWorkerClient } from "../../src/page/bridge/workers/workerClient";
import { pickedArchives, pickedFolder } from "../../src/page/ui/data/pickImages";

/** Runs in the page: what the Data view does with files that were chosen, without the view. */

/** How the files come: a folder's, archives, or single images. */
export type HowGiven = "folder" | "archives" | "images";

export interface InPage {
  /** Looks at the files of the input element with that id. */
  readonly inspect: (
    how: HowGiven,
    id: string,
    options: InspectOptions,
  ) => Promise<Outcome<ImageReport>>;
}

declare global {
  interface Window {
    repaInspect?: (workerAddress: string) => InPage;
  }
}

function sourceOf(how: HowGiven, files: readonly File[]): ImportSource {
  const picked =
    how === "folder" ? pickedFolder(files) : how === "archives" ? pickedArchives(files) : null;
  // an empty folder, and loose images as they are dropped
  const loose = files.map((file) => ({ path: file.name, file }));
  return picked?.source ?? { kind: "files", files: loose };
}

window.repaInspect = (workerAddress) => {
  const worker = createWorkerClient<FeaturesApi>(
    "features",
    new Worker(workerAddress, { type: "module" }),
  );
  return {
    inspect: (how, id, options) => {
      const input = document.getElementById(id);
      const files = input instanceof HTMLInputElement ? [...(input.files ?? [])] : [];
      const source = sourceOf(how, files);
      return worker.call((api) =>
        api.inspectImages(
          source,
          options,
          proxy(() => undefined),
        ),
      );
    },
  };
};

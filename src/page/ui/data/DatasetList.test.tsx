import { MantineProvider } from "@mantine/core";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { Experiment } from "../../../common/config/experiment";
import type { DatasetSummary } from "../../../common/protocol/datasets";
import { createStudioStore } from "../../store/studioStore";
import type { StudioCommands } from "../../commands/studioCommands";
import { CommandsContext } from "../commands";
import { StoreContext } from "../useStudio";
import { ImportedRow } from "./DatasetList";

const PETS: DatasetSummary = {
  id: "d",
  name: "Pets",
  source: "folder:pets",
  data: {
    hash: "ab".repeat(32),
    source: "folder:pets",
    resolution: 64,
    classes: 2,
    images: 300,
  },
  classNames: ["cat", "dog"],
  classCounts: [200, 100],
  images: 300,
  resolution: 64,
  bytes: 3_700_000,
  skippedCount: 2,
  skipped: [{ name: "cat/broken.png", reason: "ends early" }],
  notes: [],
  createdAtMs: 0,
  resumable: false,
};
const CUT: DatasetSummary = { ...PETS, data: null, resumable: true, skippedCount: 0 };

function markup(dataset: DatasetSummary, trainsOn: DatasetSummary | null = null): string {
  const store = createStudioStore(Experiment.parse({}));
  store.getState().setDatasets([dataset]);
  if (trainsOn) store.getState().setImported(trainsOn.data);
  return renderToStaticMarkup(
    <MantineProvider>
      <StoreContext value={{ ...store, getInitialState: store.getState }}>
        <CommandsContext value={{} as StudioCommands}>
          <ImportedRow dataset={dataset} />
        </CommandsContext>
      </StoreContext>
    </MantineProvider>,
  );
}

test("a whole data set says what it is and can be trained on; once it is, it says so", () => {
  const html = markup(PETS);
  expect(html).toContain("300 images · 2 classes");
  expect(html).toContain('aria-label="Use Pets for training"');
  expect(html).toContain('aria-label="2 skipped of Pets"');
  const used = markup(PETS, PETS);
  expect(used).toContain("trained on");
  expect(used).not.toContain('aria-label="Use Pets for training"');
});

test("a cut import can be gone on with, not trained on", () => {
  const html = markup(CUT);
  expect(html).toContain("The import is not complete.");
  expect(html).toContain('aria-label="Continue the import of Pets"');
  expect(html).not.toContain("Use Pets for training");
  expect(html).not.toContain("Allow again");
});

test("a remembered folder has to be allowed again", () => {
  const handle = { kind: "directory", name: "pets" } as FileSystemDirectoryHandle;
  expect(markup({ ...CUT, handle })).toContain("Allow again and continue");
});

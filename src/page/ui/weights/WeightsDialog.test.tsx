import { MantineProvider } from "@mantine/core";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { INCEPTION_V3 } from "../../../common/catalogue/inceptionV3";
import { Experiment } from "../../../common/config/experiment";
import type { WeightsNeeded, WeightsSummary } from "../../../common/protocol/weights";
import { createStudioStore, type StudioStore } from "../../store/studioStore";
import type { StudioCommands } from "../../commands/studioCommands";
import { CommandsContext } from "../commands";
import { StoreContext } from "../useStudio";
import { WeightsBody } from "./WeightsDialog";

const NEEDED: readonly WeightsNeeded[] = [
  {
    label: "MAE ViT-B/16",
    files: [
      {
        repo: "timm/mae",
        revision: "main",
        file: "model.safetensors",
        bytes: 343_000_000,
        licence: { name: "CC-BY-NC-4.0", nonCommercial: true },
      },
    ],
    keptBytes: 100_000_000,
  },
];

/** The part that is here. */
const KEPT: WeightsSummary = {
  key: "timm/mae@main/model.safetensors",
  repo: "timm/mae",
  file: "model.safetensors",
  commit: "c",
  bytes: 100_000_000,
  complete: false,
  precision: "stored",
  rounding: null,
  verified: false,
  licence: { name: "CC-BY-NC-4.0", nonCommercial: true },
};

/** The dialog's text after `play`. Commands are called by nobody here. */
function text(play: (store: StudioStore) => void, needed = NEEDED): string {
  const store = createStudioStore(Experiment.parse({}));
  store.getState().askWeights(needed, "train");
  play(store);
  const { ask } = store.getState().weights;
  if (!ask) throw new Error("nothing is asked");
  const html = renderToStaticMarkup(
    <MantineProvider>
      <StoreContext value={{ ...store, getInitialState: store.getState }}>
        <CommandsContext value={{} as StudioCommands}>
          <WeightsBody ask={ask} />
        </CommandsContext>
      </StoreContext>
    </MantineProvider>,
  );
  return html
    .replaceAll(/<style.*?<\/style>/gs, "")
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ");
}

test("before a byte is fetched: size, what is here, licence, room, and a button that says the bytes", () => {
  const shown = text((store) =>
    store.getState().setStorage({ usedBytes: 1e9, quotaBytes: 3e9, persisted: true }, []),
  );
  expect(shown).toContain("343 MB, 100 MB here already");
  expect(shown).toContain("CC-BY-NC-4.0: no commercial use");
  expect(shown).toContain("timm/mae model.safetensors Use a file instead");
  expect(shown).toContain("2.0 GB of browser storage left");
  expect(shown).toContain("Download 243 MB");
});

test("too little room is said before the download fails of it", () => {
  const shown = text((store) =>
    store.getState().setStorage({ usedBytes: 1e9, quotaBytes: 1.1e9, persisted: true }, []),
  );
  expect(shown).toContain("100 MB of browser storage left: not enough.");
});

test("during it: bytes, speed, time left; it may go on behind the page", () => {
  const shown = text((store) => {
    store.getState().beginWeights();
    store.getState().applyWeightsEvent({
      type: "progress",
      key: "timm/mae@main/model.safetensors",
      doneBytes: 143_000_000,
      allBytes: 343_000_000,
      bytesPerSecond: 10_000_000,
    });
  });
  expect(shown).toContain("200 MB to go · 10.0 MB/s · 20 s left 40 % downloaded");
  expect(shown).toContain("Go on in the background");
});

test("after a failure: what happened, what to do, and the rest again", () => {
  const shown = text((store) => {
    const { beginWeights, setStoredWeights, failWeights } = store.getState();
    beginWeights();
    setStoredWeights([KEPT]);
    failWeights({ code: "DOWNLOAD_FAILED", message: "It was cut.", hint: "Try later." });
  });
  expect(shown).toContain("The download stopped: DOWNLOAD_FAILED It was cut. Try later.");
  expect(shown).toContain("Try again, 243 MB");
});

const BY_HAND: WeightsNeeded = { ...INCEPTION_V3, keptBytes: 0 };

test("a file nobody offers: how to make it, a place to choose it, and nothing to download", () => {
  const shown = text(() => undefined, [BY_HAND]);
  expect(shown).toContain("read from a file of yours once");
  expect(shown).toContain("import torch; from safetensors.torch import save_file");
  expect(shown).toContain("Choose the file");
  expect(shown).toContain("Choose the file first");
  expect(shown).not.toContain("Download");
});

test("beside others, only theirs are bytes to download", () => {
  const shown = text(() => undefined, [...NEEDED, BY_HAND]);
  expect(shown).toContain("Download 243 MB");
  expect(shown).toContain("import torch");
});

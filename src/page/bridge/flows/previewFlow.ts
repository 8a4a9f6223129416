import { proxy } from "comlink";
import type { EncoderId } from "../../../common/config/experiment";
import { DataConfig } from "../../../common/config/experiment";
import type { FeaturesApi } from "../../../common/protocol/features";
import type { BackendChoice } from "../../../common/protocol/shared";
import { BUILT_IN_DATA, PAGE_IMAGES, shownData, type ImageQuery } from "../../store/previewSlice";
import type { StudioStore } from "../../store/studioStore";
import type { WorkerClient } from "../workers/workerClient";

/** A token grid every encoder has; what it needs does not depend on it. */
const ANY_GRID = 8;

/** Looks at images and at what encoders see in them; answers that came too late are dropped. */
export function createPreviewFlow(
  store: StudioStore,
  features: () => Pick<WorkerClient<FeaturesApi>, "call" | "tell">,
  backend: BackendChoice,
) {
  const state = () => store.getState();
  /** The newest request for maps; answers to older ones belong to nothing that is shown. */
  let newest = {};
  const shown = () => {
    const { preview, datasets, experiment } = state();
    const { holdOutFraction } = experiment.value.data;
    return shownData(preview.query.shown, datasets.list, holdOutFraction);
  };

  async function showImages(query: ImageQuery): Promise<void> {
    state().askImages(query);
    const data = shown();
    if (!data) {
      state().failImages({
        code: "DATASET_MISSING",
        message: "These images are not here, or their import is not complete.",
        hint: "Choose another data set, or go on with the import.",
      });
      return;
    }
    const { label, first } = query;
    const outcome = await features().call((api) =>
      api.imagePage(data, { label, first, count: PAGE_IMAGES }),
    );
    if (state().preview.query !== query) return;
    if (outcome.ok) state().setImages(outcome.value);
    else state().failImages(outcome.failure);
  }

  /**
   * After data sets came or went: one that was imported is shown unless images of another are chosen; one that is
   * gone gives way.
   */
  function follow(imported: string | null): void {
    const { preview, datasets } = state();
    const { shown } = preview.query;
    const gone = shown !== BUILT_IN_DATA && !datasets.list?.some(({ id }) => id === shown);
    const busy = preview.selected.length > 0 && !gone;
    const next = busy ? null : (imported ?? (gone ? BUILT_IN_DATA : null));
    if (next !== null) void showImages({ shown: next, label: null, first: 0 });
  }

  async function askNeed(encoder: EncoderId): Promise<void> {
    const costEstimate = await features().call((api) =>
      api.costEstimate({
        data: DataConfig.parse({}), // what an encoder needs does not depend on the images
        autoencoder: { id: "pixels" },
        grid: ANY_GRID,
        encoders: [encoder],
        backend,
      }),
    );
    // what fails here fails again, and is said, where the encoder is used
    state().setNeeds(encoder, costEstimate.ok ? costEstimate.value.weights : []);
  }

  const asking = new Set<EncoderId>();

  async function askNeeds(encoders: readonly EncoderId[]): Promise<void> {
    for (const encoder of encoders) {
      if (encoder in state().preview.needs || asking.has(encoder)) continue;
      asking.add(encoder);
      await askNeed(encoder);
      asking.delete(encoder);
    }
  }

  async function mapFeatures(encoders: readonly EncoderId[], grid: number): Promise<void> {
    const data = shown();
    const images = state().preview.selected.map(({ image }) => image);
    if (!data || images.length === 0) return;
    const own = {};
    newest = own;
    state().beginMaps(encoders);
    const onDevice = proxy(state().setMapsDevice);
    for (const encoder of encoders) {
      state().runMaps(encoder);
      const outcome = await features().call((api) =>
        api.featureMaps({ data, encoder, grid, images, backend }, onDevice),
      );
      if (newest !== own) return;
      if (outcome.ok) state().setMaps(outcome.value);
      else state().failMaps(encoder, outcome.failure);
    }
  }

  return { showImages, follow, askNeeds, mapFeatures };
}

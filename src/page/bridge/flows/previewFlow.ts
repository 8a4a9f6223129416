import { proxy } from "comlink";
import type { EncoderId } from "../../../common/config/experiment";
import { DataConfig } from "../../../common/config/experiment";
import type { Failure } from "../../../common/errors/studioError";
import type { FeaturesApi } from "../../../common/protocol/features";
import type { BackendChoice } from "../../../common/protocol/shared";
import { BUILT_IN_DATA, PAGE_IMAGES, shownData, type ImageQuery } from "../../store/previewSlice";
import type { StudioStore } from "../../store/studioStore";
import type { WorkerClient } from "../workers/workerClient";

/** A token grid every encoder has; what it needs does not depend on it. */
const ANY_GRID = 8;

type Features = () => Pick<WorkerClient<FeaturesApi>, "call">;

/** Images of the Data view, the weights encoders need, and feature maps of chosen images. */
export function createPreviewFlow(store: StudioStore, features: Features, backend: BackendChoice) {
  return {
    ...createImagePages(store, features),
    askNeeds: createNeeds(store, features, backend),
    mapFeatures: createFeatureMaps(store, features, backend),
  };
}

/** The data set the Data view shows; undefined when it is not stored whole. */
function shownDataOf(store: StudioStore) {
  const { preview, datasets, experiment } = store.getState();
  const { holdOutFraction } = experiment.value.data;
  return shownData(preview.query.shown, datasets.list, holdOutFraction);
}

const NOT_HERE: Failure = {
  code: "DATASET_MISSING",
  message: "These images are not here, or their import is not complete.",
  hint: "Choose another data set, or go on with the import.",
};

function createImagePages(store: StudioStore, features: Features) {
  const state = () => store.getState();

  /** Shows a page of images. The result is dropped when another page was asked for meanwhile. */
  async function showImages(query: ImageQuery): Promise<void> {
    state().askImages(query);
    const data = shownDataOf(store);
    if (!data) {
      state().failImages(NOT_HERE);
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
   * After the list of data sets changed: a newly imported one is shown unless images of another are chosen; in place
   * of a deleted one the built-in images are shown.
   */
  function follow(imported: string | null): void {
    const { preview, datasets } = state();
    const { shown } = preview.query;
    const gone = shown !== BUILT_IN_DATA && !datasets.list?.some(({ id }) => id === shown);
    const busy = preview.selected.length > 0 && !gone;
    const next = busy ? null : (imported ?? (gone ? BUILT_IN_DATA : null));
    if (next !== null) void showImages({ shown: next, label: null, first: 0 });
  }

  return { showImages, follow };
}

/** Finds out which weights encoders need, once an encoder. */
function createNeeds(store: StudioStore, features: Features, backend: BackendChoice) {
  const asking = new Set<EncoderId>();

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
    // a failure is shown when the encoder is used: the same will fail there
    store.getState().setNeeds(encoder, costEstimate.ok ? costEstimate.value.weights : []);
  }

  return async (encoders: readonly EncoderId[]): Promise<void> => {
    for (const encoder of encoders) {
      if (encoder in store.getState().preview.needs || asking.has(encoder)) continue;
      asking.add(encoder);
      await askNeed(encoder);
      asking.delete(encoder);
    }
  };
}

/** Feature maps of the chosen images, encoder after encoder. A newer request ends an older one. */
function createFeatureMaps(store: StudioStore, features: Features, backend: BackendChoice) {
  const state = () => store.getState();
  /** Stands for the newest request. */
  let newest = {};

  return async (encoders: readonly EncoderId[], grid: number): Promise<void> => {
    const data = shownDataOf(store);
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
  };
}

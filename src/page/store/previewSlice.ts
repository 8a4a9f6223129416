import type { EncoderId, Experiment } from "../../common/config/experiment";
import { DataConfig } from "../../common/config/experiment";
import type { Failure } from "../../common/errors/studioError";
import type { DatasetSummary } from "../../common/protocol/datasets";
import type { FeatureMaps, ImagePage } from "../../common/protocol/previews";
import type { DeviceReport } from "../../common/protocol/shared";
import type { WeightsNeeded } from "../../common/protocol/weights";
import type { SetPart } from "./setPart";

/** The built-in images among the data sets to look at. */
export const BUILT_IN_DATA = "emoji";
/** Images on a page of the browser. */
export const PAGE_IMAGES = 60;
/** Feature maps are shown of at most so many images. */
export const MOST_SELECTED = 16;

/** Which images the browser shows. */
export interface ImageQuery {
  /** BUILT_IN_DATA or the id of an imported data set. */
  readonly shown: string;
  /** One class, or null for all. */
  readonly label: number | null;
  /** Position of the first one shown among those that match. */
  readonly first: number;
}

/** An image chosen for the feature maps, with its pixels [side, side, 3]. */
export interface SelectedImage {
  readonly image: number;
  readonly label: number;
  readonly side: number;
  readonly rgb: Uint8Array;
}

export interface MapJob {
  readonly encoder: EncoderId;
  readonly status: "waiting" | "running" | "done" | "failed";
  readonly maps: FeatureMaps | null;
  readonly failure: Failure | null;
}

export interface PreviewState {
  readonly query: ImageQuery;
  readonly page: ImagePage | null;
  readonly loading: boolean;
  readonly failure: Failure | null;
  readonly selected: readonly SelectedImage[];
  readonly jobs: readonly MapJob[];
  /** The images the maps are of, in their order. */
  readonly mapped: readonly SelectedImage[];
  /** By encoder: weights it needs and this browser lacks; absent while not known. */
  readonly needs: Readonly<Record<string, readonly WeightsNeeded[]>>;
  /** What the maps were computed on; beside their timings. */
  readonly device: DeviceReport | null;
}

export interface PreviewSlice {
  readonly preview: PreviewState;
  readonly askImages: (query: ImageQuery) => void;
  readonly setImages: (page: ImagePage) => void;
  readonly failImages: (failure: Failure) => void;
  readonly toggleImage: (image: number) => void;
  readonly clearSelection: () => void;
  readonly beginMaps: (encoders: readonly EncoderId[]) => void;
  readonly runMaps: (encoder: EncoderId) => void;
  readonly setMaps: (maps: FeatureMaps) => void;
  readonly failMaps: (encoder: EncoderId, failure: Failure) => void;
  readonly setMapsDevice: (device: DeviceReport) => void;
  readonly setNeeds: (encoder: EncoderId, needed: readonly WeightsNeeded[]) => void;
}

export const initialPreview: PreviewState = {
  query: { shown: BUILT_IN_DATA, label: null, first: 0 },
  page: null,
  loading: false,
  failure: null,
  selected: [],
  jobs: [],
  mapped: [],
  needs: {},
  device: null,
};

/** The data settings that name what is shown; null when it is not here or not complete. */
export function shownData(
  shown: string,
  datasets: readonly DatasetSummary[] | null,
  holdOutFraction: number,
): Experiment["data"] | null {
  if (shown === BUILT_IN_DATA) return DataConfig.parse({ holdOutFraction });
  const imported = datasets?.find(({ id }) => id === shown)?.data;
  return imported ? DataConfig.parse({ dataset: "imported", imported, holdOutFraction }) : null;
}

/** Image `index` of a page, cut out of its strip; null outside the page. */
export function pictureOf(page: ImagePage, index: number): SelectedImage | null {
  const image = page.images[index];
  if (image === undefined) return null;
  const { side, rgb } = page.pictures;
  const length = side * side * 3;
  return {
    image,
    label: page.labels[index] ?? 0,
    side,
    rgb: rgb.slice(index * length, (index + 1) * length),
  };
}

/** Chosen if it was not, given back if it was; a full selection takes no more. */
export function toggleSelected(preview: PreviewState, image: number): PreviewState {
  const { selected, page } = preview;
  if (selected.some((other) => other.image === image)) {
    return { ...preview, selected: selected.filter((other) => other.image !== image) };
  }
  const picture = page && pictureOf(page, page.images.indexOf(image));
  if (!picture || selected.length >= MOST_SELECTED) return preview;
  return { ...preview, selected: [...selected, picture] };
}

export const createPreviewSlice = (set: SetPart<Pick<PreviewSlice, "preview">>): PreviewSlice => {
  const change = (next: (preview: PreviewState) => PreviewState) =>
    set(({ preview }) => ({ preview: next(preview) }));
  const patch = (part: Partial<PreviewState>) => change((preview) => ({ ...preview, ...part }));
  const patchJob = (encoder: EncoderId, part: Partial<MapJob>) =>
    change((preview) => ({
      ...preview,
      jobs: preview.jobs.map((job) => (job.encoder === encoder ? { ...job, ...part } : job)),
    }));
  return {
    preview: initialPreview,
    askImages: (query) =>
      change((preview) => {
        const same = preview.query.shown === query.shown;
        const kept = same ? {} : { page: null, selected: [], jobs: [], mapped: [] };
        return { ...preview, ...kept, query, loading: true, failure: null };
      }),
    setImages: (page) => patch({ page, loading: false }),
    failImages: (failure) => patch({ page: null, loading: false, failure }),
    toggleImage: (image) => change((preview) => toggleSelected(preview, image)),
    clearSelection: () => patch({ selected: [] }),
    beginMaps: (encoders) =>
      change((preview) => ({
        ...preview,
        mapped: preview.selected,
        jobs: encoders.map((encoder) => ({
          encoder,
          status: "waiting",
          maps: null,
          failure: null,
        })),
      })),
    runMaps: (encoder) => patchJob(encoder, { status: "running" }),
    setMaps: (maps) => patchJob(maps.encoder, { status: "done", maps }),
    failMaps: (encoder, failure) => patchJob(encoder, { status: "failed", failure }),
    setMapsDevice: (device) => patch({ device }),
    setNeeds: (encoder, needed) =>
      change((preview) => ({ ...preview, needs: { ...preview.needs, [encoder]: needed } })),
  };
};

import { transfer } from "comlink";
import type { Experiment } from "../../common/config/experiment";
import type { ImageDataset } from "../../sources/data/dataset";
import { loadPart } from "../../common/errors/loadPart";
import type { ImagePage, PreviewsApi } from "../../common/protocol/previews";
import type { Outcome } from "../../common/protocol/shared";
import { loadDataset } from "../datasets/datasets";
import type { SessionEnvironment } from "../common/environment";
import { outcomeOf } from "../common/outcome";
import { withDatabase } from "../common/withDatabase";

type ImageQuery = Parameters<PreviewsApi["imagePage"]>[1];

/** What the Data view shows of images and encoders before any training. */
export function createPreviewsSession(environment: SessionEnvironment): PreviewsApi {
  const withDataset = createDatasetReader(environment);
  return {
    imagePage: async (data, query) =>
      moved(
        await outcomeOf(() => withDataset(data, (dataset) => imagePage(dataset, query))),
        ({ pictures }) => pictures.rgb,
      ),
    featureMaps: async (request, onDevice) =>
      moved(
        await outcomeOf(() =>
          withDataset(request.data, async (dataset) => {
            const { featureMaps } = await loadPart(() => import("./featureMaps"));
            return featureMaps(environment, dataset, request, onDevice);
          }),
        ),
        ({ maps }) => maps.rgb,
      ),
  };
}

/** Opens a data set for one use. The built-in images stay in memory between uses: unpacking them takes a second. */
function createDatasetReader(environment: SessionEnvironment) {
  let kept: { readonly key: string; readonly dataset: Promise<ImageDataset> } | undefined;

  return <T>(data: Experiment["data"], use: (dataset: ImageDataset) => Promise<T>): Promise<T> =>
    withDatabase(environment, async (db) => {
      // imported images are read through the connection, which is closed after the use
      if (data.dataset === "imported") return use(await loadDataset(environment, db, data));
      const key = JSON.stringify(data);
      if (kept?.key !== key) kept = { key, dataset: loadDataset(environment, db, data) };
      kept.dataset.catch(() => (kept = undefined));
      return use(await kept.dataset);
    });
}

async function imagePage(
  dataset: ImageDataset,
  { label, first, count }: ImageQuery,
): Promise<ImagePage> {
  const all = Array.from({ length: dataset.size }, (_, image) => image);
  const matching = label === null ? all : all.filter((image) => dataset.labelOf(image) === label);
  const images = matching.slice(first, first + count);
  const heldOut = new Set(dataset.heldOutIndices);
  return {
    images,
    labels: images.map((image) => dataset.labelOf(image)),
    heldOut: images.map((image) => heldOut.has(image)),
    pictures: { side: dataset.resolution, rgb: await dataset.readRgb(images) },
    total: matching.length,
    classNames: dataset.classNames,
  };
}

/** The outcome with its picture transferred instead of copied. */
const moved = <T>(outcome: Outcome<T>, picture: (value: T) => Uint8Array): Outcome<T> =>
  outcome.ok ? transfer(outcome, [picture(outcome.value).buffer]) : outcome;

import * as tf from "@tensorflow/tfjs-core";
import { transfer } from "comlink";
import type { Experiment } from "../../common/config/experiment";
import type { ImageDataset } from "../../sources/data/dataset";
import { loadEncoder } from "../../engine/encoders/loadEncoder";
import type { StudioError } from "../../common/errors/studioError";
import { currentStudioBackend } from "../../engine/kernels/studioBackend";
import { toMatrix } from "../../engine/metrics/matrix";
import { featureColours } from "../../engine/metrics/pcaColours";
import { spatialScore } from "../../engine/metrics/spatialScore";
import type {
  FeatureMaps,
  FeatureMapsRequest,
  ImagePage,
  PreviewsApi,
} from "../../common/protocol/previews";
import type { Outcome, DeviceReport } from "../../common/protocol/shared";
import { loadDataset } from "../datasets/datasets";
import type { SessionEnvironment } from "../common/environment";
import { imageTensor } from "../common/images";
import { outcomeOf } from "../common/outcome";
import { withDatabase } from "../common/withDatabase";

/** Images encoded at once. Small, because a request is for a few dozen images. */
const CHUNK = 4;

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
          withDataset(request.data, (dataset) =>
            featureMaps(environment, dataset, request, onDevice),
          ),
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

/** Patch tokens [images, grid², width] of the request's images, and the rate they were computed at. */
async function tokensOf(
  environment: SessionEnvironment,
  dataset: ImageDataset,
  { encoder: id, grid, images }: FeatureMapsRequest,
) {
  const encoder = await loadEncoder(id, environment);
  const tokens = new Float32Array(images.length * grid * grid * encoder.width);
  const startedMs = environment.clockMs();
  try {
    for (let first = 0; first < images.length; first += CHUNK) {
      const rgb = await dataset.readRgb(images.slice(first, first + CHUNK));
      const part = tf.tidy(() => encoder.encode(imageTensor(rgb, dataset.resolution), grid));
      tokens.set(await part.data<"float32">(), first * grid * grid * encoder.width);
      part.dispose();
    }
  } finally {
    encoder.dispose();
    currentStudioBackend()?.trim();
  }
  const seconds = (environment.clockMs() - startedMs) / 1000;
  return { tokens, width: encoder.width, imagesPerSecond: images.length / seconds };
}

async function featureMaps(
  environment: SessionEnvironment,
  dataset: ImageDataset,
  request: FeatureMapsRequest,
  onDevice: (device: DeviceReport) => void,
): Promise<FeatureMaps> {
  const { encoder, grid, images, backend } = request;
  let fault: StudioError | undefined;
  onDevice(await environment.startRuntime(backend, (lost) => (fault ??= lost)));
  const { tokens, width, imagesPerSecond } = await tokensOf(environment, dataset, request).catch(
    (thrown: unknown) => {
      throw fault ?? thrown; // an operation on a lost device throws an error that does not name the loss
    },
  );
  const { rgb, explained } = featureColours(toMatrix(tokens, images.length * grid * grid, width));
  const { score, near, distant } = spatialScore(tokens, grid, width);
  return {
    encoder,
    grid,
    maps: { side: grid, rgb },
    explained,
    spatialScore: score,
    near,
    distant,
    imageCount: images.length,
    imagesPerSecond,
  };
}

/** The outcome with its picture transferred instead of copied. */
const moved = <T>(outcome: Outcome<T>, picture: (value: T) => Uint8Array): Outcome<T> =>
  outcome.ok ? transfer(outcome, [picture(outcome.value).buffer]) : outcome;

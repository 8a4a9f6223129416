import * as tf from "@tensorflow/tfjs-core";
import type { ImageDataset } from "../../sources/data/dataset";
import { loadEncoder } from "../../engine/encoders/loadEncoder";
import type { StudioError } from "../../common/errors/studioError";
import { currentStudioBackend } from "../../engine/kernels/studioBackend";
import { toMatrix } from "../../engine/metrics/matrix";
import { featureColours } from "../../engine/metrics/pcaColours";
import { spatialScore } from "../../engine/metrics/spatialScore";
import type { FeatureMaps, FeatureMapsRequest } from "../../common/protocol/previews";
import type { DeviceReport } from "../../common/protocol/shared";
import type { SessionEnvironment } from "../common/environment";
import { imageTensor } from "../common/images";

/** Images encoded at once. Small, because a request is for a few dozen images. */
const CHUNK = 4;

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

/** An encoder's tokens of some images as colours, and how spatial they are. */
export async function featureMaps(
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

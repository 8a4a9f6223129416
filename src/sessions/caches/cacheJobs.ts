import { autoencoderRow } from "../../common/catalogue/autoencoders";
import { encoderRow } from "../../common/catalogue/encoders";
import { isEncoderSpace, type FeatureSpaceId } from "../../common/catalogue/featureSpaces";
import type { HubFile } from "../../common/catalogue/hubFile";
import { INCEPTION_V3 } from "../../common/catalogue/inceptionV3";
import type { ImageDataset } from "../../sources/data/dataset";
import type { ModelSources } from "../../engine/encoders/modelSources";
import type { CacheRequest } from "../../common/protocol/features";
import type { CacheSpec } from "../../common/storage/caches";
import { loadPart } from "../../common/errors/loadPart";
import { cacheSpecs, requestedSpaces } from "./cacheSpecs";
import type { RowMaker } from "./rowMakers";

/** All that computes with tensors is fetched when a cache is filled: a cost estimate needs none of it. */
const rowMakers = () => loadPart(() => import("./rowMakers"));

/** A cache a run needs, and how to load the network that fills it. */
export interface CacheJob {
  readonly spec: CacheSpec;
  /** The published network and its files, any of which will do; absent for the studio's own networks. */
  readonly published?: { readonly label: string; readonly files: readonly HubFile[] } | undefined;
  /** The trainer needs the network too: its weights have to be here even when the cache is complete. */
  readonly always: boolean;
  /** Fetches what computes with tensors, then the network. */
  readonly load: () => Promise<RowMaker>;
}

/** The caches of a request. No network is loaded before it is needed. */
export function cacheJobs(
  sources: ModelSources,
  dataset: ImageDataset,
  { autoencoder: { id }, encoders, space, grid }: CacheRequest,
): CacheJob[] {
  const { resolution } = dataset;
  const [latents, ...features] = cacheSpecs(dataset, { autoencoder: id, encoders, space, grid });
  if (!latents) return [];
  const loadLatents = async () => (await rowMakers()).latentsMaker(id, resolution, sources);
  const loadFeatures = async (network: FeatureSpaceId) =>
    (await rowMakers()).featuresMaker(network, grid, sources);
  const { label, files } = autoencoderRow(id);
  const published = files.length > 0 ? { label, files } : undefined;
  return [
    { spec: latents, published, always: true, load: loadLatents },
    ...requestedSpaces({ encoders, space }).flatMap((network, i): CacheJob[] => {
      const spec = features[i];
      if (!spec) return [];
      const load = () => loadFeatures(network);
      return [{ spec, published: publishedFiles(network), always: network === space, load }];
    }),
  ];
}

function publishedFiles(id: FeatureSpaceId): CacheJob["published"] {
  if (!isEncoderSpace(id)) return { label: INCEPTION_V3.label, files: INCEPTION_V3.files };
  const { label, weights } = encoderRow(id);
  return weights.kind === "hub" ? { label, files: weights.files } : undefined;
}

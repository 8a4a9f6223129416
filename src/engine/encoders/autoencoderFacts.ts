import { autoencoderRow, type AutoencoderId } from "../../common/catalogue/autoencoders";

/** What is known of an autoencoder without its weights. */
export interface AutoencoderFacts {
  readonly id: AutoencoderId;
  /** Part of the cache keys of its latents. */
  readonly version: string;
  /** Side of the latents, latent px. */
  readonly side: number;
  readonly channels: number;
}

/** Only the facts, for images of `resolution` px a side: enough to name and size a cache. */
export function autoencoderFacts(id: AutoencoderId, resolution: number): AutoencoderFacts {
  const { version, factor, latentChannels } = autoencoderRow(id);
  return { id, version, side: resolution / factor, channels: latentChannels };
}

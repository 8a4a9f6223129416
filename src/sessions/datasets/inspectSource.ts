import { StudioError } from "../../common/errors/studioError";
import type { ImageReport, ImportSource, InspectOptions } from "../../common/protocol/datasets";
import { inspectImages } from "../../sources/data/inspectImages";
import type { SessionEnvironment } from "../common/environment";
import { openSource } from "./openSource";

/** One look's surroundings. */
export interface InspectJob {
  readonly environment: Pick<SessionEnvironment, "hub" | "imageCodec" | "turn">;
  readonly options: InspectOptions;
  /** Hears how many images have been looked at. */
  readonly onLooked: (images: number) => void;
  readonly signal: AbortSignal;
}

/** The side images are cropped to while they are looked at: whether an image can be cropped hardly depends on it. */
const SIDE = 64;
/** Images between two messages. */
const EVERY = 25;

/**
 * What an import of a source would give, by the same readers and decoders. Nothing is stored.
 * @throws StudioError CANCELLED, and what opening and reading the source throw
 */
export async function inspectSource(
  given: ImportSource,
  { environment, options, onLooked, signal }: InspectJob,
): Promise<ImageReport> {
  const { hub, imageCodec, turn } = environment;
  const source = await openSource({ hub }, given, options, { signal });
  return inspectImages(source, {
    codec: imageCodec,
    resolution: SIDE,
    orientation: options.orientation ?? "stored",
    readAtMost: options.readAtMost ?? Infinity,
    between: async (looked) => {
      if (looked % EVERY === 0) onLooked(looked);
      await turn();
      if (!signal.aborted) return;
      throw new StudioError("CANCELLED", "The look was ended.", "Choose the source again.");
    },
  });
}

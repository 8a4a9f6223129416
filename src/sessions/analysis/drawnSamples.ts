/** Holds 5,461 images of 64 px. */
const HELD_BYTES = 64 * 2 ** 20;

/** Receives uint8 RGB of the next samples and the number of those before them. */
export type UseSamples = (rgb: Uint8Array, first: number) => Promise<void>;

/** The samples drawn last: measured in another space, the same ones are not drawn again. */
export interface DrawnSamples {
  /**
   * Passes samples on in order: those held under `key`, or what `draw` makes.
   * @param key names everything that decides the samples, their number included
   */
  readonly each: (
    key: string,
    draw: (use: UseSamples) => Promise<void>,
    use: UseSamples,
  ) => Promise<void>;
}

/** @param limit bytes held at most; more samples than that are drawn anew each time */
export function createDrawnSamples(limit = HELD_BYTES): DrawnSamples {
  type Chunk = { readonly rgb: Uint8Array; readonly first: number };
  let held: { readonly key: string; readonly chunks: readonly Chunk[] } | undefined;
  return {
    each: async (key, draw, use) => {
      if (held?.key === key) {
        for (const { rgb, first } of held.chunks) await use(rgb, first);
        return;
      }
      held = undefined;
      const chunks: Chunk[] = [];
      let bytes = 0;
      await draw(async (rgb, first) => {
        bytes += rgb.byteLength;
        if (bytes > limit) chunks.length = 0;
        else chunks.push({ rgb, first });
        await use(rgb, first);
      });
      if (bytes <= limit) held = { key, chunks };
    },
  };
}

import type { ImageDataset } from "../../src/sources/data/dataset";

/** A data set whose pixels are all in memory: nothing has to be waited for. */
export interface InMemoryDataset extends ImageDataset {
  /** `readRgb` at once. */
  readonly pixels: (indices: ArrayLike<number>) => Uint8Array;
}

/** Reads every image. */
export async function inMemory(dataset: ImageDataset): Promise<InMemoryDataset> {
  const rgb = await dataset.readRgb(
    Uint32Array.from({ length: dataset.size }, (_, image) => image),
  );
  const bytes = rgb.length / dataset.size;
  const pixels = (indices: ArrayLike<number>): Uint8Array => {
    const out = new Uint8Array(indices.length * bytes);
    Array.from(indices).forEach((image, row) => {
      out.set(rgb.subarray(image * bytes, (image + 1) * bytes), row * bytes);
    });
    return out;
  };
  return { ...dataset, pixels };
}

import { z } from "zod";
import { centerCrop } from "../../src/sources/data/centerCrop";
import type { SafetensorsTensor } from "../../src/common/formats/safetensors";
import type { RgbImage } from "../../src/common/math/pillowResize";
import { largestDifference } from "./arrays";
import type { ParityCase } from "./types";

const CropManifest = z.looseObject({
  name: z.string(),
  family: z.literal("preprocess"),
  tolerance: z.looseObject({ outputs: z.object({ atol: z.number(), rtol: z.literal(0) }) }),
});
type Tensors = ReadonlyMap<string, SafetensorsTensor>;

function bytesOf(tensors: Tensors, name: string): RgbImage {
  const tensor = tensors.get(name);
  const [height = 0, width = 0, channels] = tensor?.shape ?? [];
  if (tensor?.dtype !== "U8" || channels !== 3) throw new Error(`"${name}" is no RGB picture`);
  return { width, height, rgb: tensor.data };
}

/** How many pixels of a case differ from the reference's: the manifest allows a level in a few. */
export const differingPixels = (got: Uint8Array, want: Uint8Array): number =>
  Array.from({ length: want.length / 3 }, (_, pixel) => pixel).filter((pixel) =>
    [0, 1, 2].some((channel) => got[pixel * 3 + channel] !== want[pixel * 3 + channel]),
  ).length;

/** The images of a fixture, cropped here and by the reference. */
export function cropPairs(tensors: Tensors): { name: string; got: Uint8Array; want: Uint8Array }[] {
  return [...tensors.keys()]
    .filter((name) => name.endsWith(".image_u8"))
    .map((input) => {
      const name = input.replace(/image_u8$/, "out");
      const want = bytesOf(tensors, name);
      return { name, got: centerCrop(bytesOf(tensors, input), want.width), want: want.rgb };
    });
}

/** ADM's centre crop of every image of a fixture of the family; none for other manifests. */
export function centerCropCases(manifest: unknown, tensors: Tensors): ParityCase[] {
  const parsed = CropManifest.safeParse(manifest);
  const names = [...tensors.keys()].filter((name) => name.endsWith(".image_u8"));
  const isCrop = parsed.success && parsed.data.name.includes("crop") && names.length > 0;
  if (!isCrop) return [];
  const { name, tolerance } = parsed.data;
  return [
    {
      name,
      covers: names.map((input) => input.replace(/image_u8$/, "out")),
      run: () => {
        const pairs = cropPairs(tensors);
        const differing = pairs.reduce((sum, { got, want }) => sum + differingPixels(got, want), 0);
        return {
          error: Math.max(...pairs.map(({ got, want }) => largestDifference(got, want))),
          tolerance: tolerance.outputs.atol,
          worst: `${differing} pixels differ`,
          compared: pairs.reduce((sum, { want }) => sum + want.length, 0),
        };
      },
    },
  ];
}

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { goldenTensorOf, loadGolden } from "../../../test/golden";
import { cropPairs, differingPixels } from "../../../test/parity/centerCrop";
import { pillowResize } from "../../common/math/pillowResize";
import { centerCrop } from "./centerCrop";

const { tensors } = loadGolden("encoders/adm_center_crop");

function picture(name: string) {
  const { data, shape } = goldenTensorOf(tensors, name, "U8");
  const [height = 0, width = 0] = shape;
  return { width, height, rgb: data };
}

describe("as the reference crops (encoders/adm_center_crop)", () => {
  test.each(cropPairs(tensors))("no pixel of $name differs", ({ got, want }) => {
    expect(differingPixels(got, want)).toBe(0);
  });

  test.each([
    ["a.image_u8", "a.box1", "box"],
    ["b.box1", "b.box2", "box"],
    ["b.box2", "b.bicubic", "bicubic"],
    ["c.image_u8", "c.bicubic", "bicubic"],
    ["e.image_u8", "e.bicubic", "bicubic"],
  ] as const)("from %s to %s by one resize", (from, to, filter) => {
    const want = picture(to);
    const got = pillowResize(picture(from), want, filter);
    expect(differingPixels(got.rgb, want.rgb)).toBe(0);
  });
});

test("a plain picture stays plain at every size, odd ones too", () => {
  const side = fc.integer({ min: 1, max: 70 });
  fc.assert(
    fc.property(side, side, fc.constantFrom(8, 16, 24), (width, height, target) => {
      const rgb = new Uint8Array(width * height * 3).fill(201);
      const out = centerCrop({ width, height, rgb }, target);
      expect(out).toEqual(new Uint8Array(target * target * 3).fill(201));
    }),
    { numRuns: 40 },
  );
});

test("the middle of an oblong picture is kept", () => {
  const rgb = Uint8Array.from({ length: 8 * 24 * 3 }, (_, i) => (Math.floor(i / 3) % 24) * 10);
  const out = centerCrop({ width: 24, height: 8, rgb }, 8);
  expect(Array.from({ length: 8 }, (_, x) => out[x * 3])).toEqual(
    [8, 9, 10, 11, 12, 13, 14, 15].map((x) => x * 10),
  );
});

test("a sliver is refused before it is enlarged", () => {
  const rgb = new Uint8Array(2 * 9000 * 3);
  expect(() => centerCrop({ width: 2, height: 9000, rgb }, 256)).toThrow(/too oblong/);
});

test("bytes that are not the picture's are refused", () => {
  const image = { width: 3, height: 3, rgb: new Uint8Array(26) };
  expect(() => pillowResize(image, { width: 2, height: 2 }, "box")).toThrow(/26 bytes/);
});

import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { inceptionInput, tf1BilinearMatrix } from "./inceptionInput";

const rowsOf = (from: number, to: number) => {
  const matrix = tf1BilinearMatrix(from, to);
  return Array.from({ length: to }, (_, i) => [...matrix.subarray(i * from, (i + 1) * from)]);
};

test("two pixels to four: places 0, 1/2, 1, 3/2; the last is repeated, the first is not", () => {
  expect(rowsOf(2, 4)).toEqual([
    [1, 0],
    [0.5, 0.5],
    [0, 1],
    [0, 1],
  ]);
});

test("every place is a mixture of two neighbours that lie around i from / to, whatever the sides", () => {
  const side = fc.integer({ min: 1, max: 320 });
  fc.assert(
    fc.property(side, side, (from, to) => {
      rowsOf(from, to).forEach((row, i) => {
        const centre = row.reduce((sum, share, place) => sum + share * place, 0);
        expect(centre).toBeCloseTo(Math.min((i * from) / to, from - 1), 3);
        expect(row.filter((share) => share > 0).length).toBeLessThanOrEqual(2);
        expect(row.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
      });
    }),
    { numRuns: 30 },
  );
});

/** Bytes as the studio's images have them, [-1, 1]. */
const imageOf = (bytes: number[], side: number) =>
  tf.tensor4d(
    bytes.map((byte) => byte / 127.5 - 1),
    [1, side, side, 3],
  );

test("bytes become (p - 128) / 128, at 299 px untouched and below it enlarged", () => {
  tf.tidy(() => {
    const pixels = Array.from({ length: 299 * 299 * 3 }, (_, i) => (i * 7) % 256);
    const same = inceptionInput(imageOf(pixels, 299));
    expect([...same.dataSync()]).toBeAllClose(
      pixels.map((byte) => (byte - 128) / 128),
      { atol: 1e-6 },
    );
    const [black, white] = [0, 255].map((byte) => [byte, byte, byte]);
    const small = [...(black ?? []), ...(white ?? []), ...(black ?? []), ...(white ?? [])];
    const first = tf.slice(inceptionInput(imageOf(small, 2)), [0, 0, 0, 0], [1, 1, 299, 1]);
    const row = first.dataSync();
    expect(row[0]).toBeCloseTo(-1, 5);
    expect(row[150]).toBeCloseTo(127 / 128, 5); // place 150 * 2 / 299 lies beyond the second pixel
    expect(row[75]).toBeCloseTo((255 * ((75 * 2) / 299) - 128) / 128, 4);
  });
});

import { expect, test } from "vitest";
import { probeImages, unseenClasses } from "./probeImages";

/** What a probe looks at of its data: 20 images, of which the last five are held out. */
const dataOf = (labelOf: (image: number) => number, classes: number) => {
  const images = Uint32Array.from({ length: 20 }, (_, image) => image);
  return {
    dataset: { classNames: Array.from({ length: classes }, (_, i) => `class ${i}`) },
    source: { trainImages: images.subarray(0, 15), labels: Int32Array.from(images, labelOf) },
    allHeldOut: images.subarray(15),
  };
};

test("training images are the first of a seeded order, ascending, and labelled; all held-out ones are tested", () => {
  const data = dataOf((image) => image % 3, 3);
  const [few, more] = [6, 9].map((trainCount) => probeImages(data, { trainCount, seed: 1 }));
  expect(few?.train).toHaveLength(6);
  expect(few?.train).toEqual(few?.train.toSorted());
  for (const image of few?.train ?? []) expect(more?.train).toContain(image);
  expect(few?.trainLabels).toEqual(Int32Array.from(few?.train ?? [], (image) => image % 3));
  expect(few?.test).toEqual(data.allHeldOut);
  expect(probeImages(data, { trainCount: 6, seed: 2 }).train).not.toEqual(few?.train);
  expect(probeImages(data, { trainCount: 100, seed: 1 }).train).toEqual(data.source.trainImages);
});

test("one class, or nothing to learn from, is refused with its numbers", () => {
  const one = dataOf(() => 0, 1);
  expect(() => probeImages(one, { trainCount: 9, seed: 1 })).toThrow(/here are 1, 9 and 5/);
  const two = dataOf((image) => image % 2, 2);
  expect(() => probeImages(two, { trainCount: 1, seed: 1 })).toThrow(/here are 2, 1 and 5/);
});

test("test images of classes the training images lack are counted in a warning", () => {
  const data = dataOf((image) => (image > 17 ? 2 : image % 2), 3);
  const images = probeImages(data, { trainCount: 15, seed: 1 });
  expect(unseenClasses(images)).toMatchObject({
    code: "OUT_OF_RANGE",
    message: expect.stringMatching(/^2 of 5 held-out images are of 1 classes/) as string,
  });
  const whole = probeImages(
    dataOf((image) => image % 3, 3),
    { trainCount: 15, seed: 1 },
  );
  expect(unseenClasses(whole)).toBeUndefined();
});

import { expect, test } from "vitest";
import { createDrawnSamples, type UseSamples } from "./drawnSamples";

/** Three chunks of two bytes; counts how often it was asked. */
function source() {
  const asked = { times: 0 };
  const draw = async (use: UseSamples) => {
    asked.times++;
    for (const first of [0, 2, 4]) await use(Uint8Array.of(first, first + 1), first);
  };
  return { asked, draw };
}

const collect = () => {
  const bytes: number[] = [];
  const use: UseSamples = (rgb, first) => {
    expect(first).toBe(bytes.length);
    bytes.push(...rgb);
    return Promise.resolve();
  };
  return { bytes, use };
};

test("the same samples are drawn once, and passed on in order both times", async () => {
  const [drawn, { asked, draw }] = [createDrawnSamples(), source()];
  for (let time = 0; time < 2; time++) {
    const { bytes, use } = collect();
    await drawn.each("a", draw, use);
    expect(bytes).toEqual([0, 1, 2, 3, 4, 5]);
  }
  expect(asked.times).toBe(1);
});

test("other samples take their place", async () => {
  const [drawn, { asked, draw }] = [createDrawnSamples(), source()];
  for (const key of ["a", "b", "a"]) await drawn.each(key, draw, collect().use);
  expect(asked.times).toBe(3);
});

test("more than may be held, and a drawing that was ended, are drawn anew", async () => {
  const [drawn, { asked, draw }] = [createDrawnSamples(5), source()];
  for (let time = 0; time < 2; time++) {
    const { bytes, use } = collect();
    await drawn.each("a", draw, use);
    expect(bytes).toHaveLength(6);
  }
  expect(asked.times).toBe(2);

  const roomy = createDrawnSamples();
  const ended = () => Promise.reject(new Error("ended"));
  await expect(roomy.each("a", draw, ended)).rejects.toThrow("ended");
  await roomy.each("a", draw, collect().use);
  expect(asked.times).toBe(4);
});

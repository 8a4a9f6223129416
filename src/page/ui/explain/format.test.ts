import { expect, test } from "vitest";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatRate,
  formatTick,
  formatValue,
} from "./format";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_234_567, "1.2 MB"],
  [250e6, "250 MB"],
])("%i bytes are %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test.each([
  [0.4, "0 s"],
  [61, "1 min 01 s"],
  [3725, "1 h 02 min"],
  [400_000, "4 d 15 h"],
  [NaN, "–"],
])("%f seconds are %s", (seconds, text) => expect(formatDuration(seconds)).toBe(text));

test("values keep four digits and say when they are not numbers", () => {
  expect([0.53217, -0.25, 1e-5, NaN, Infinity].map(formatValue)).toEqual([
    "0.5322",
    "−0.25",
    "1e−5",
    "NaN",
    "∞",
  ]);
});

test("ticks, counts and rates are short", () => {
  expect([0, 25_000, -0.5, 2_500_000].map((value) => formatTick(value))).toEqual([
    "0",
    "25k",
    "−0.5",
    "2.5M",
  ]);
  expect([912, 1_313_696, 675_129_632].map(formatCount)).toEqual(["912", "1.3 M", "675 M"]);
  expect([8, 250, 3200].map((stepMs) => formatRate(stepMs))).toEqual([
    "125 step/s",
    "4.0 step/s",
    "3.2 s/step",
  ]);
});

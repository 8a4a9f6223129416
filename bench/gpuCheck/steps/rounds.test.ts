import { expect, test } from "vitest";
import { shareOf } from "../share";
import { anotherRound, burstSteps } from "./rounds";

test("a burst is a quarter of a second of steps, one at least", () => {
  expect(burstSteps(3)).toBe(83);
  expect(burstSteps(0.01)).toBe(250);
  expect(burstSteps(10)).toBe(25);
  expect(burstSteps(125)).toBe(2);
  expect(burstSteps(400)).toBe(1);
  expect(burstSteps(20_000)).toBe(1);
});

test("rounds go on until the share is spent, five are done even past it, none past the stage's end", () => {
  const limits = { least: 5, most: 30, shareEndsMs: 1_000, stageEndsMs: 2_000 };
  const more = (done: number, nowMs: number) =>
    anotherRound(limits, { done, longestMs: 100, nowMs });
  expect(more(0, 0)).toBe(true);
  expect(more(7, 899)).toBe(true);
  expect(more(7, 901)).toBe(false);
  expect(more(4, 1_500)).toBe(true);
  expect(more(4, 1_950)).toBe(false);
  expect(more(30, 0)).toBe(false);
});

test("shares are by weight of what is left, and what was not needed goes on", () => {
  const weights = [2, 3, 3];
  expect(shareOf(weights, 0, 160)).toBe(40);
  expect(shareOf(weights, 1, 150)).toBe(75);
  expect(shareOf(weights, 2, 100)).toBe(100);
  expect(shareOf(weights, 2, -5)).toBe(0);
});

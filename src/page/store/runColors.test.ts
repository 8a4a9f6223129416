import { expect, test } from "vitest";
import { freeColor, isDashed, RUN_COLORS, runColor } from "./runColors";

const run = (color: number, shown = true) => ({ look: { color, shown } });

test("a new run takes the first colour that no shown run has", () => {
  expect(freeColor([])).toBe(0);
  expect(freeColor([run(0), run(2)])).toBe(1);
});

test("of the colours no shown run has, one that hidden runs have is taken last", () => {
  expect(freeColor([run(0), run(1, false), run(2, false)])).toBe(3);
});

test("with all colours taken a run is dashed in the palette's second turn", () => {
  const all = Array.from({ length: RUN_COLORS }, (_, color) => run(color));
  const next = freeColor(all);
  expect(isDashed(next)).toBe(true);
  expect(runColor(next)).toBe(runColor(next - RUN_COLORS));
});

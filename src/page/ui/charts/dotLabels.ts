import type { DotSide } from "./plotProps";

/** A labelled dot in the plot, px from its lower left corner. */
export interface LabelledDot {
  readonly x: number;
  readonly y: number;
  readonly label: string;
}

const CHARACTER = 5.3;
const LINE = 11;
const GAP = 5;
const SIDES: readonly DotSide[] = ["right", "left", "top", "bottom"];

interface Box {
  readonly left: number;
  readonly right: number;
  readonly low: number;
  readonly high: number;
}

const meet = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.low < b.high && b.low < a.high;

/** What a label takes up beside its dot. */
function boxOf({ x, y, label }: LabelledDot, side: DotSide): Box {
  const width = CHARACTER * label.length;
  const left = { right: x + GAP, left: x - GAP - width, top: x - width / 2, bottom: x - width / 2 };
  const low = { right: y - LINE / 2, left: y - LINE / 2, top: y + GAP, bottom: y - GAP - LINE };
  return { left: left[side], right: left[side] + width, low: low[side], high: low[side] + LINE };
}

const dotBox = ({ x, y }: LabelledDot): Box => ({
  left: x - 3,
  right: x + 3,
  low: y - 3,
  high: y + 3,
});

/**
 * The side of each dot its label is written on: the first that covers no dot, no label placed before and stays within
 * the plot; null where there is none, and the label is left to the legend and the table.
 */
export function labelSides(
  dots: readonly LabelledDot[],
  plot: { readonly width: number; readonly height: number },
): readonly (DotSide | null)[] {
  const taken = dots.map(dotBox);
  return dots.map((dot, index) => {
    const side = SIDES.find((candidate) => {
      const box = boxOf(dot, candidate);
      const inside =
        box.left >= 0 && box.right <= plot.width && box.low >= 0 && box.high <= plot.height;
      return inside && !taken.some((other, place) => place !== index && meet(box, other));
    });
    if (side) taken.push(boxOf(dot, side));
    return side ?? null;
  });
}

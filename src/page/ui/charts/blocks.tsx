import { LegendKey } from "./ChartCard";
import type { PlotLine } from "./plotProps";
import { Ramp } from "./Ramp";
import classes from "./charts.module.css";

/** First to last block as a ramp of colours. */
const blockColor = (block: number, depth: number): string => {
  const share = depth > 1 ? Math.round(((block - 1) / (depth - 1)) * 100) : 0;
  return `color-mix(in oklch, var(--block-last) ${share}%, var(--block-first))`;
};

/** A line a block, with keys "block 1" and so on. */
export const blockLines = (depth: number): readonly PlotLine[] =>
  Array.from({ length: depth }, (_, index) => ({
    key: `block ${index + 1}`,
    color: blockColor(index + 1, depth),
    dots: depth <= 6,
  }));

export function BlockLegend({ depth }: { readonly depth: number }) {
  if (depth > 8) {
    return (
      <span className={classes.key}>
        block 1 <Ramp colorAt={(share) => blockColor(1 + share * (depth - 1), depth)} /> {depth}
      </span>
    );
  }
  return (
    <>
      block
      {Array.from({ length: depth }, (_, index) => (
        <LegendKey key={index} color={blockColor(index + 1, depth)}>
          {index + 1}
        </LegendKey>
      ))}
    </>
  );
}

import { LegendKey } from "./ChartCard";
import type { HoverLine } from "./runLines";

/** More would be longer than the chart. */
const MOST_NAMED = 12;

/** The runs of a chart by name; nothing where there is one. */
export function RunLegend({ lines }: { readonly lines: readonly HoverLine[] }) {
  if (lines.length < 2) return null;
  return (
    <>
      {lines.slice(-MOST_NAMED).map(({ key, name, color, dashed }) => (
        <LegendKey key={key} color={color} dashed={dashed}>
          {name}
        </LegendKey>
      ))}
      {lines.length > MOST_NAMED && <span>and {lines.length - MOST_NAMED} more</span>}
    </>
  );
}

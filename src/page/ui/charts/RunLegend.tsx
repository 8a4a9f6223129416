import type { FigureGroup } from "../../store/figureRuns";
import { LegendKey } from "./ChartCard";

/** More would be longer than the chart. */
const MOST_NAMED = 12;

/** The runs of a chart by name; nothing where there is one. */
export function RunLegend({ groups }: { readonly groups: readonly FigureGroup[] }) {
  if (groups.length < 2 && (groups[0]?.runs.length ?? 0) < 2) return null;
  return (
    <>
      {groups.slice(-MOST_NAMED).map(({ key, name, color, dashed }) => (
        <LegendKey key={key} color={color} dashed={dashed}>
          {name}
        </LegendKey>
      ))}
      {groups.length > MOST_NAMED && <span>and {groups.length - MOST_NAMED} more</span>}
    </>
  );
}

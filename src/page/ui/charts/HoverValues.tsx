import { useStudio } from "../useStudio";
import { formatTick, formatValue } from "../explain/format";
import type { HoverLine, Point } from "./runLines";
import { shareOf, type RunAxis } from "./runAxis";
import { useLeadPlace } from "./useRunAxis";
import classes from "./charts.module.css";

/** More runs than this would cover the chart. */
const MOST_LISTED = 8;

/** The value of each run nearest to the pointer. It draws alone when the pointer moves. */
export function HoverValues(props: {
  readonly axis: RunAxis;
  readonly lines: readonly HoverLine[];
}) {
  const { axis, lines } = props;
  const step = useStudio((state) => state.hoverStep);
  const place = useLeadPlace(axis, step);
  if (step === null || place === null) return null;
  const share = shareOf(place, axis.scale.domain, axis.log);
  const listed = [...lines].reverse().slice(0, MOST_LISTED);
  return (
    <div className={classes.values} data-side={share > 0.5 ? "left" : "right"} aria-hidden="true">
      {listed.map(({ key, name, color, points }) => {
        const point = nearestPoint(points, place);
        const apart = point && Math.abs(point[0] - place) > 1e-9;
        return (
          <div key={key} className={classes.value}>
            <span className={classes.swatch} style={{ borderTopColor: color }} />
            <span className={classes.valueName}>{name}</span>
            <b>{point ? formatValue(point[1]) : "–"}</b>
            {apart && <small>at {formatTick(point[0])}</small>}
          </div>
        );
      })}
      {lines.length > MOST_LISTED && <small>and {lines.length - MOST_LISTED} more runs</small>}
    </div>
  );
}

/** The point nearest to a place; undefined of a line without any. Points ascend. */
export function nearestPoint(points: readonly Point[], place: number): Point | undefined {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((points[middle]?.[0] ?? Infinity) < place) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [points[low - 1], points[low]];
  if (!before || !after) return before ?? after;
  return place - before[0] <= after[0] - place ? before : after;
}

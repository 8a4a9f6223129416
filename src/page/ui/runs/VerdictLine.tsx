import { useMemo } from "react";
import type { FigureRun } from "../../store/figureRuns";
import { vanillaPairs, verdictOf, type Verdict } from "../../store/verdict";
import { ALWAYS_SEEN } from "../charts/drawQueue";
import { useFigureRuns } from "../charts/useRunAxis";
import { formatTick } from "../explain/format";
import classes from "./runs.module.css";

/** What the shown pairs of vanilla and REPA say, and what they cannot; nothing where no pair is shown. */
export function VerdictLine() {
  const runs = useFigureRuns(ALWAYS_SEEN);
  const verdict = useMemo(() => verdictOf(vanillaPairs(runs.filter(isWhole))), [runs]);
  if (!verdict) return null;
  const { says, cannot } = verdictText(verdict);
  return (
    <p className={classes.verdict} role="note" aria-label="Vanilla against REPA">
      {says}
      <small>{cannot}</small>
    </p>
  );
}

/** A fork shares steps with its parent: it is half of no pair. */
const isWhole = ({ forkedFrom }: FigureRun): boolean => forkedFrom === null;

const short = (value: number): string => formatTick(value, 3);

/** The verdict in words. */
export function verdictText(verdict: Verdict): { readonly says: string; readonly cannot: string } {
  const { lambda, step, space, pairs, gain, half, interval } = verdict;
  const range = `95 %: ${short(gain - half)} to ${short(gain + half)}`;
  const better = gain >= 0 ? "lower" : "higher";
  const of = pairs === 1 ? "one pair" : `${pairs} pairs of seeds`;
  const apart = Math.abs(gain) > half;
  const says = apart
    ? `At step ${step} the KID × 1000 of REPA (λ = ${short(lambda)}) is ${better} than vanilla's by ${short(Math.abs(gain))} (difference, ${range}; ${of}).`
    : `At step ${step} these runs do not tell REPA (λ = ${short(lambda)}) and vanilla apart: the difference of their KID × 1000 is ${short(gain)} (${range}; ${of}).`;
  const cannot =
    interval === "measurement"
      ? `In ${space}. The interval is of this pair's two measurements: what another seed would give, it cannot say. Train more seeds.`
      : `In ${space}. The interval is over seeds of these settings; on other images, or after more steps, it may be otherwise.`;
  return { says, cannot };
}

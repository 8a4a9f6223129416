import type { Experiment, TimelineEntry } from "../../common/config/experiment";
import { overSeeds } from "../../common/math/overSeeds";
import type { MetricsState } from "./metricsSlice";

/** What of a run a comparison goes by. */
export interface ComparedRun {
  readonly id: string;
  readonly name: string;
  readonly experiment: Experiment;
  readonly timeline: readonly TimelineEntry[];
  readonly metrics: MetricsState;
}

/** A run without alignment and one with, which are the same but for λ. */
export interface VanillaPair<R extends ComparedRun = ComparedRun> {
  readonly vanilla: R;
  readonly aligned: R;
}

/** KID of pairs at one step: what alignment gained. */
export interface Verdict {
  readonly lambda: number;
  readonly step: number;
  /** Feature space of the KID. */
  readonly space: string;
  readonly pairs: number;
  /** KID x 1000 of vanilla less that of the aligned runs: above 0, alignment was better. Mean over pairs. */
  readonly gain: number;
  /** The half of its 95 % interval: over pairs, or of one pair's two measurements. */
  readonly half: number;
  /** One pair's interval says nothing of other seeds. */
  readonly interval: "seeds" | "measurement";
}

const withoutLambda = ({ experiment, timeline }: ComparedRun): string =>
  JSON.stringify([
    { ...experiment, alignment: { ...experiment.alignment, projCoeff: 0 } },
    timeline,
  ]);

const lambdaOf = ({ experiment }: ComparedRun): number => experiment.alignment.projCoeff;

/** All pairs among runs, of the λ that has the most of them; each run is in one pair at most. */
export function vanillaPairs<R extends ComparedRun>(runs: readonly R[]): readonly VanillaPair<R>[] {
  const byLambda = new Map<number, VanillaPair<R>[]>();
  for (const aligned of runs) {
    const lambda = lambdaOf(aligned);
    if (lambda === 0) continue;
    const pairs = byLambda.get(lambda) ?? [];
    const vanilla = runs.find(
      (run) =>
        lambdaOf(run) === 0 &&
        withoutLambda(run) === withoutLambda(aligned) &&
        !pairs.some((pair) => pair.vanilla === run),
    );
    if (vanilla) byLambda.set(lambda, [...pairs, { vanilla, aligned }]);
  }
  return [...byLambda.values()].reduce(
    (most, pairs) => (pairs.length > most.length ? pairs : most),
    [],
  );
}

/**
 * What the pairs say at the last step that all of them measured, in the space the first was measured in; null while there is
 * no such step.
 */
export function verdictOf(pairs: readonly VanillaPair[]): Verdict | null {
  const [first] = pairs;
  const space = first?.aligned.metrics.sampleQuality.at(-1)?.space;
  if (!first || space === undefined) return null;
  const at = (run: ComparedRun, step: number) =>
    run.metrics.sampleQuality.find((m) => m.step === step && m.space === space);
  const step = first.aligned.metrics.sampleQuality
    .map((m) => m.step)
    .findLast((one) => pairs.every(({ vanilla, aligned }) => at(vanilla, one) && at(aligned, one)));
  if (step === undefined) return null;
  const measured = pairs.flatMap(({ vanilla, aligned }) => {
    const [v, a] = [at(vanilla, step), at(aligned, step)];
    return v && a ? [{ v, a }] : [];
  });
  const gains = measured.map(({ v, a }) => v.kid - a.kid);
  const { mean, half } = overSeeds(gains);
  const [one] = measured;
  const facts = { lambda: lambdaOf(first.aligned), step, space, pairs: pairs.length, gain: mean };
  if (half !== null) return { ...facts, half, interval: "seeds" };
  // two measurements that know nothing of each other
  const own = one
    ? Math.hypot(one.v.kidHigh - one.v.kidLow, one.a.kidHigh - one.a.kidLow) / 2
    : NaN;
  return { ...facts, half: own, interval: "measurement" };
}

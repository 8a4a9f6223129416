import { liveChanges, withAllImages } from "../../common/config/imageEntries";
import { withoutSeed } from "../../common/config/differences";
import type { Experiment, TimelineEntry } from "../../common/config/experiment";
import type { QueuedRun } from "../../common/storage/queue";

/** λ of the paper's main experiments, for a pair begun from settings without alignment. */
const PAPER_LAMBDA = 0.5;

type Named = Readonly<Pick<QueuedRun, "name" | "experiment">> & {
  readonly timeline: readonly TimelineEntry[];
};

const withLambda = (experiment: Experiment, projCoeff: number): Experiment => ({
  ...experiment,
  alignment: { ...experiment.alignment, projCoeff },
});

/** Vanilla and REPA, one after the other, on full caches: settings, seed, order and noise are the same, λ is not. */
export function pairOf(experiment: Experiment, timeline: readonly TimelineEntry[]): Named[] {
  const lambda = experiment.alignment.projCoeff || PAPER_LAMBDA;
  const fair = withAllImages(experiment);
  return [
    { name: "Vanilla", experiment: withLambda(fair, 0), timeline: [] },
    { name: "REPA", experiment: withLambda(fair, lambda), timeline: [...timeline] },
  ];
}

/** A stored run once more, with a seed that none of its like has, stored or waiting; undefined when it is gone. */
export function runAgain(
  runs: readonly (Named & { readonly id: string })[],
  waiting: readonly Named[],
  runId: string,
): Named | undefined {
  const run = runs.find(({ id }) => id === runId);
  if (!run) return undefined;
  const { name, experiment, timeline } = run;
  const like = [...runs, ...waiting].filter(
    (other) => withoutSeed(other.experiment) === withoutSeed(experiment),
  );
  const seed = 1 + Math.max(...like.map((other) => other.experiment.optimizer.seed));
  return {
    name,
    timeline: liveChanges(timeline), // which images came in when is the other run's
    experiment: { ...experiment, optimizer: { ...experiment.optimizer, seed } },
  };
}

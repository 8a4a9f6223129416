import { ActionIcon, Button } from "@mantine/core";
import { IconArrowUp, IconX } from "@tabler/icons-react";
import { selectActive, selectEtaSeconds, selectStepMs } from "../../store/selectors";
import type { StudioState } from "../../store/studioStore";
import { useCommands } from "../commands";
import { Hint } from "../components/Notes";
import { formatDuration } from "../explain/format";
import { runDifferences } from "../explain/names";
import { useStudio } from "../useStudio";
import classes from "./runs.module.css";

/** Runs that wait for their turn. */
export function Queue() {
  const { items, held } = useStudio((state) => state.queue);
  const active = useStudio(selectActive);
  const { startQueue, dequeueRun, queueFirst } = useCommands();
  return (
    <section className={classes.queue} aria-label="Queue">
      <div className={classes.queueHead}>
        {items.length} waiting
        {!active && (
          <Button size="compact-xs" variant="light" onClick={startQueue}>
            Start the next
          </Button>
        )}
      </div>
      <ol className={classes.waiting}>
        {items.map(({ runId, name, experiment, timeline, from }, place) => (
          <li key={runId}>
            <span className={classes.waitingText}>
              {name} <small>{waitingText(runDifferences(name, experiment, timeline), from)}</small>
            </span>
            {place > 0 && (
              <ActionIcon
                variant="subtle"
                color="gray"
                size="sm"
                aria-label={`Make ${name} the next`}
                onClick={() => queueFirst(runId)}
              >
                <IconArrowUp size={14} />
              </ActionIcon>
            )}
            <ActionIcon
              variant="subtle"
              color="gray"
              size="sm"
              aria-label={`Take ${name} out of the queue`}
              onClick={() => dequeueRun(runId)}
            >
              <IconX size={14} />
            </ActionIcon>
          </li>
        ))}
      </ol>
      <Hint>{active && held ? "After a stop the queue waits for you." : <End />}</Hint>
    </section>
  );
}

const waitingText = (differences: string, from: number | null): string =>
  [differences, ...(from === null ? [] : [`from step ${from}`])].filter(Boolean).join(", ");

/** When all of it is done, where the steps that are timed now are those of the waiting runs as well. */
function End() {
  const seconds = useStudio(selectQueueSeconds);
  return seconds === null
    ? "Each begins when the one before it is over."
    : `All done in about ${formatDuration(seconds)}, evaluations not counted.`;
}

/** Rounded to what can be known: a component that shows it need not draw with every step. */
function selectQueueSeconds(state: StudioState): number | null {
  const [stepMs, left] = [selectStepMs(state), selectEtaSeconds(state)];
  const { experiment } = state.run;
  const same = state.queue.items.every(
    (item) =>
      JSON.stringify(item.experiment.model) === JSON.stringify(experiment?.model) &&
      item.experiment.optimizer.batchSize === experiment?.optimizer.batchSize,
  );
  if (stepMs === null || left === null || !same) return null;
  const steps = state.queue.items.reduce(
    (sum, { experiment: { optimizer }, from }) => sum + optimizer.steps - (from ?? 0),
    0,
  );
  return Math.ceil((left + (steps * stepMs) / 1000) / 10) * 10;
}

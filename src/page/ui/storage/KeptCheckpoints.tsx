import { NumberInput } from "@mantine/core";
import { useState } from "react";
import { keptBytes } from "../../store/forks";
import { useCommands } from "../commands";
import { Heading, Hint, Warning } from "../components/Notes";
import { formatBytes } from "../explain/format";
import { useStudio } from "../useStudio";
import classes from "../panels/panels.module.css";

const MEGABYTE = 1e6;

/** What checkpoints take that are kept beside the newest of their runs, of what they may take together. */
export function KeptCheckpoints() {
  const budget = useStudio((state) => state.data.checkpointBudget);
  const runs = useStudio((state) => state.data.runs);
  if (budget === null) return null;
  const { pinned, forkPoints } = keptBytes(runs);
  const used = pinned + forkPoints;
  const share = (bytes: number) => `${budget > 0 ? Math.min(100, (100 * bytes) / budget) : 100}%`;
  return (
    <section className={classes.section} aria-label="Kept checkpoints">
      <Heading order={3}>Kept checkpoints</Heading>
      <Hint>
        Beside the newest of each run, those you pinned and those that live changes can be undone
        from. The oldest of the latter make way when there is no room; pinned ones stay.
      </Hint>
      <div
        className={classes.storageBar}
        role="meter"
        aria-label="Kept checkpoints"
        aria-valuemin={0}
        aria-valuemax={Math.max(budget, used)}
        aria-valuenow={used}
        aria-valuetext={`${formatBytes(used)} of ${formatBytes(budget)}`}
      >
        <div style={{ width: share(pinned), background: "var(--chart-velocity)" }} />
        <div
          style={{ width: share(forkPoints), background: "var(--chart-velocity)", opacity: 0.5 }}
        />
      </div>
      <Hint>
        {formatBytes(used)} of {formatBytes(budget)}: {formatBytes(pinned)} pinned,{" "}
        {formatBytes(forkPoints)} at live changes and forks.
      </Hint>
      {pinned > budget && (
        <Warning>
          The pinned ones take all of it: none is kept at a live change. Raise the budget, or unpin
          some.
        </Warning>
      )}
      <Budget key={budget} bytes={budget} />
    </section>
  );
}

function Budget({ bytes }: { readonly bytes: number }) {
  const { setCheckpointBudget } = useCommands();
  const [typed, setTyped] = useState<number | string>(bytes / MEGABYTE);
  const commit = () => {
    const value = typeof typed === "number" ? typed : NaN;
    if (value >= 0 && value * MEGABYTE !== bytes) setCheckpointBudget(value * MEGABYTE);
    else setTyped(bytes / MEGABYTE);
  };
  return (
    <NumberInput
      size="xs"
      mt={6}
      w={160}
      label="Budget in MB"
      min={0}
      max={MOST_MB}
      step={100}
      allowNegative={false}
      value={typed}
      onChange={setTyped}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === "Enter") commit();
      }}
    />
  );
}

/** A terabyte: more than browsers give a page. */
const MOST_MB = 1e6;

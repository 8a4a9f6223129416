import { Alert, Button, Group, List } from "@mantine/core";
import { IconAlertTriangle, IconArrowBackUp, IconBolt, IconInfoCircle } from "@tabler/icons-react";
import { useState } from "react";
import type { SlowReason } from "../../../common/protocol/shared";
import { unchangedFork } from "../../../common/config/forks";
import { remediesFor } from "../../../common/config/remedies";
import { useCommands } from "../commands";
import { slowText } from "../explain/device";
import { changeText } from "../explain/names";
import { roundingText } from "../explain/weights";
import { ResultsNotices } from "../runs/ResultsNotices";
import { useStudio } from "../useStudio";
import { UpdateNotice } from "./UpdateNotice";
import classes from "./panels.module.css";

/** Everything the user must know, above the charts: failure first, then warnings, then the machine. */
export function Notices() {
  return (
    <div className={classes.notices}>
      <FailureNotice />
      <UndoneNotice />
      <WarningNotice />
      <RepairNotice />
      <RoundingNotice />
      <ResultsNotices />
      <UpdateNotice />
      <CapabilityNotice />
    </div>
  );
}

function FailureNotice() {
  const failure = useStudio((state) => state.run.failure);
  const runId = useStudio((state) => state.run.runId);
  const checkpoint = useStudio((state) => state.run.checkpoint);
  const commands = useCommands();
  if (!failure) return null;
  return (
    <Alert
      p="sm"
      color="red"
      variant="light"
      icon={<IconAlertTriangle />}
      title={`The run failed: ${failure.code}`}
      withCloseButton
      closeButtonLabel="Dismiss failure"
      onClose={commands.dismissFailure}
    >
      <div>{failure.message}</div>
      <div>{failure.hint}</div>
      {failure.code === "DATASET_MISSING" && (
        <Button mt="xs" size="xs" color="red" onClick={() => commands.showView("data")}>
          Open the Data view
        </Button>
      )}
      {runId !== null && checkpoint && (
        <Group mt="xs">
          <Button size="xs" color="red" onClick={() => commands.resumeRun(runId)}>
            Go on from step {checkpoint.step}
          </Button>
          {failure.code === "NONFINITE_LOSS" && <Remedies runId={runId} step={checkpoint.step} />}
        </Group>
      )}
    </Alert>
  );
}

/** Forks from the last good checkpoint, each with one setting that keeps a loss from overflowing. */
function Remedies({ runId, step }: { readonly runId: string; readonly step: number }) {
  const experiment = useStudio((state) => state.run.experiment);
  const timeline = useStudio((state) => state.run.timeline);
  const busy = useStudio((state) => state.forks.busy);
  const { fork } = useCommands();
  if (!experiment) return null;
  return remediesFor(unchangedFork({ experiment, timeline }, { step })).map(({ label, wanted }) => (
    <Button
      key={label}
      size="xs"
      variant="default"
      disabled={busy}
      onClick={() => fork({ runId, step, before: null, wanted, begins: "now" })}
    >
      Fork {label}
    </Button>
  ));
}

/** A live change was undone by a fork: what was kept, and the way back to it. */
function UndoneNotice() {
  const undone = useStudio((state) => state.forks.undone);
  const shown = useStudio((state) => state.run.runId === undone?.fork.runId);
  const busy = useStudio((state) => state.forks.busy);
  const setForks = useStudio((state) => state.setForks);
  const { redoChange } = useCommands();
  if (!undone || !shown) return null;
  const { made, kept, fork } = undone;
  const { step, change } = made.entry;
  const again = step - 1 - fork.step;
  return (
    <Alert
      p="sm"
      color="blue"
      variant="light"
      icon={<IconArrowBackUp />}
      title={`Undone: ${changeText(change)} at step ${step}`}
      withCloseButton
      closeButtonLabel="Dismiss undo notice"
      onClose={() => setForks({ undone: null })}
    >
      This fork goes on without it from step {fork.step}
      {again > 0 && `; ${again} ${again === 1 ? "step is" : "steps are"} computed again`}.{" "}
      {kept.name}, which has it, is kept at step {kept.step}.
      <Group mt="xs">
        <Button size="xs" variant="default" disabled={busy} onClick={redoChange}>
          Back to the run with it
        </Button>
      </Group>
    </Alert>
  );
}

function WarningNotice() {
  const warnings = useStudio((state) => state.run.warnings);
  const dismiss = useStudio((state) => state.dismissWarnings);
  if (warnings.length === 0) return null;
  return (
    <Alert
      p="sm"
      color="yellow"
      variant="light"
      icon={<IconInfoCircle />}
      title={warnings.length === 1 ? "Warning" : `${warnings.length} warnings`}
      withCloseButton
      closeButtonLabel="Dismiss warnings"
      onClose={dismiss}
    >
      <List size="sm" listStyleType={warnings.length === 1 ? "none" : "disc"}>
        {warnings.map(({ code, message, hint }) => (
          <List.Item key={message}>
            {message} {hint} <span className={classes.count}>{code}</span>
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}

/** Damaged shards are computed again by themselves; that they were damaged is still worth knowing. */
function RepairNotice() {
  const repaired = useStudio((state) => state.data.repairedShards);
  const [seen, setSeen] = useState(0);
  if (repaired <= seen) return null;
  const count = repaired - seen;
  return (
    <Alert
      p="sm"
      color="yellow"
      variant="light"
      icon={<IconInfoCircle />}
      title={`${count} damaged ${count === 1 ? "shard" : "shards"} repaired`}
      withCloseButton
      closeButtonLabel="Dismiss repair notice"
      onClose={() => setSeen(repaired)}
    >
      The checksum did not hold, so the cached values were thrown away and computed again. If this
      keeps happening, the disk deserves a look.
    </Alert>
  );
}

/** Rounding error of weights stored as float16, shown once. */
function RoundingNotice() {
  const rounded = useStudio((state) => state.weights.rounded);
  const dismiss = useStudio((state) => state.dismissRounded);
  if (rounded.length === 0) return null;
  return (
    <Alert
      p="sm"
      color="blue"
      variant="light"
      icon={<IconInfoCircle />}
      title="Stored as float16"
      withCloseButton
      closeButtonLabel="Dismiss rounding notice"
      onClose={dismiss}
    >
      {rounded.map(({ key, repo, rounding }) => (
        <div key={key}>
          {repo}: {rounding && roundingText(rounding)}
        </div>
      ))}
    </Alert>
  );
}

const SLOW_TITLES: Readonly<Record<SlowReason["kind"], string>> = {
  asked: "CPU backend asked for: slow mode",
  noWebGpu: "No WebGPU here: slow mode",
  noAdapter: "No adapter for WebGPU here: slow mode",
  software: "No GPU here: slow mode",
  failed: "WebGPU did not start: slow mode",
};

function CapabilityNotice() {
  const capability = useStudio((state) => state.capability);
  const idle = useStudio((state) => state.run.phase === "idle");
  const [dismissed, setDismissed] = useState(false);
  if (capability.kind === "failed") {
    return (
      <Alert color="red" icon={<IconAlertTriangle />} title="This browser cannot train">
        {capability.reason}
      </Alert>
    );
  }
  if (capability.kind !== "slow" || dismissed || !idle) return null;
  return (
    <Alert
      p="sm"
      color="yellow"
      variant="light"
      icon={<IconBolt />}
      title={SLOW_TITLES[capability.reason.kind]}
      withCloseButton
      closeButtonLabel="Dismiss slow mode notice"
      onClose={() => setDismissed(true)}
    >
      {slowText(capability.reason)} You can train all the same on {capability.adapter}: every number
      is right, only slower. For full speed open this page in a recent Chrome or Edge on a machine
      with a GPU.
    </Alert>
  );
}

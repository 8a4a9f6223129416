import { ActionIcon, Badge, Button, Drawer, Tooltip } from "@mantine/core";
import { IconPlayerPlay, IconTrash } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import type { StoredRun } from "../../store/dataSlice";
import { selectActive } from "../../store/selectors";
import { useCommands } from "../commands";
import { formatBytes } from "../explain/format";
import { PHASES } from "../explain/names";
import { useStudio } from "../useStudio";
import classes from "./panels.module.css";

export interface StorageDrawerProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Stored runs and caches, with what they weigh and a way to be rid of them. */
export function StorageDrawer({ opened, onClose }: StorageDrawerProps) {
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      position="right"
      size={420}
      title="Runs and storage"
      closeButtonProps={{ "aria-label": "Close runs and storage" }}
    >
      <Meter />
      <Runs onClose={onClose} />
      <Caches />
    </Drawer>
  );
}

function Meter() {
  const storage = useStudio((state) => state.data.storage);
  if (!storage) return <p className={classes.hint}>The browser does not say how much is stored.</p>;
  const { usedBytes, quotaBytes, persisted } = storage;
  const share = quotaBytes ? Math.min(100, (100 * usedBytes) / quotaBytes) : 0;
  return (
    <section aria-label="Storage used">
      <div
        className={classes.storageBar}
        role="meter"
        aria-label="Storage used"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share)}
      >
        <div style={{ width: `${Math.max(share, 0.7)}%`, background: "var(--chart-velocity)" }} />
      </div>
      <p className={classes.hint}>
        {formatBytes(usedBytes)}
        {quotaBytes !== null && ` of ${formatBytes(quotaBytes)} the browser allows`}.{" "}
        {persisted
          ? "Kept until you delete it."
          : "The browser may clear it when the disk fills up."}
      </p>
    </section>
  );
}

function Runs({ onClose }: { readonly onClose: () => void }) {
  const runs = useStudio((state) => state.data.runs);
  const shown = useStudio((state) => state.run.runId);
  const active = useStudio(selectActive);
  const { resumeRun } = useCommands();
  return (
    <section className={classes.section} aria-label="Runs">
      <h3 className={classes.heading}>Runs</h3>
      {runs.length === 0 && <p className={classes.hint}>No run is stored yet.</p>}
      {runs.map((run) => (
        <RunRow
          key={run.id}
          run={run}
          current={run.id === shown}
          busy={active}
          onContinue={() => {
            resumeRun(run.id);
            onClose();
          }}
        />
      ))}
    </section>
  );
}

function RunRow(props: {
  readonly run: StoredRun;
  readonly current: boolean;
  readonly busy: boolean;
  readonly onContinue: () => void;
}) {
  const { run, current, busy } = props;
  const { deleteRun } = useCommands();
  return (
    <div className={classes.row}>
      <div className={classes.rowMain}>
        <div className={classes.name}>
          {run.name}{" "}
          {current && (
            <Badge size="xs" variant="light">
              shown
            </Badge>
          )}
        </div>
        <small>
          {PHASES[run.phase].text}, step {run.step} of {run.totalSteps} · {formatBytes(run.bytes)} ·{" "}
          {new Date(run.createdAtMs).toLocaleString(undefined, {
            dateStyle: "medium",
            timeStyle: "short",
          })}
        </small>
      </div>
      <Tooltip
        withArrow
        label={run.checkpointStep === null ? "No checkpoint" : `From step ${run.checkpointStep}`}
      >
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<IconPlayerPlay size={13} />}
          aria-label={`Continue ${run.name}`}
          disabled={busy || run.checkpointStep === null}
          onClick={props.onContinue}
        >
          Continue
        </Button>
      </Tooltip>
      <ConfirmDelete
        label={`Delete ${run.name}`}
        disabled={busy && current}
        onDelete={() => deleteRun(run.id)}
      />
    </div>
  );
}

function Caches() {
  const caches = useStudio((state) => state.data.caches);
  const active = useStudio(selectActive);
  const { deleteCache } = useCommands();
  return (
    <section className={classes.section} aria-label="Caches">
      <h3 className={classes.heading}>Caches</h3>
      <p className={classes.hint}>
        Latents and encoder features, computed once and kept. Deleting one costs its computing time.
      </p>
      {caches.map((cache) => (
        <div className={classes.row} key={cache.key}>
          <div className={classes.rowMain}>
            <div className={classes.name}>{cache.label}</div>
            <small>{formatBytes(cache.bytes)}</small>
          </div>
          <ConfirmDelete
            label={`Delete ${cache.label}`}
            disabled={active}
            onDelete={() => deleteCache(cache.key)}
          />
        </div>
      ))}
    </section>
  );
}

/** The first press asks, the second deletes; looking away takes the question back. */
function ConfirmDelete(props: {
  readonly label: string;
  readonly disabled: boolean;
  readonly onDelete: () => void;
}): ReactNode {
  const [asking, setAsking] = useState(false);
  if (asking) {
    return (
      <Button
        size="compact-xs"
        color="red"
        autoFocus
        aria-label={`${props.label}: really`}
        onBlur={() => setAsking(false)}
        onClick={props.onDelete}
      >
        Delete
      </Button>
    );
  }
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      aria-label={props.label}
      disabled={props.disabled}
      onClick={() => setAsking(true)}
    >
      <IconTrash size={16} stroke={1.6} />
    </ActionIcon>
  );
}

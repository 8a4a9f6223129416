import "@mantine/core/styles/ModalBase.css";
import "@mantine/core/styles/Drawer.css";
import { Badge, Button, Drawer, Tooltip } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useEffect } from "react";
import { canContinue, type StoredRun } from "../../store/dataSlice";
import { phaseAtRest } from "../../store/runSlice";
import { selectActive } from "../../store/selectors";
import { useCommands } from "../commands";
import { Heading, Hint } from "../components/Notes";
import { formatBytes } from "../explain/format";
import { PHASES } from "../explain/names";
import { useStudio } from "../useStudio";
import { Deletable, DeleteButton, ForksStay } from "./Deletable";
import { KeptCheckpoints } from "./KeptCheckpoints";
import { OfflineUse } from "./OfflineUse";
import { UnreadableList } from "./UnreadableList";
import { Caches, Meter, StoredDatasets, Weights } from "./StoredLists";
import classes from "../panels/panels.module.css";

export interface StorageDrawerProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Stored runs, caches, weights and data sets, with what they weigh and a way to be rid of them. */
export function StorageDrawer({ opened, onClose }: StorageDrawerProps) {
  const { refreshStored, finishDeletes } = useCommands();
  useEffect(() => {
    if (opened) refreshStored();
    else finishDeletes(); // the notices are out of sight
  }, [opened, refreshStored, finishDeletes]);
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
      <KeptCheckpoints />
      <Caches />
      <Weights />
      <StoredDatasets />
      <UnreadableList />
      <OfflineUse />
    </Drawer>
  );
}

function Runs({ onClose }: { readonly onClose: () => void }) {
  const runs = useStudio((state) => state.data.runs);
  const shown = useStudio((state) => state.run.runId);
  const active = useStudio(selectActive);
  const { resumeRun } = useCommands();
  return (
    <section className={classes.section} aria-label="Runs">
      <Heading order={3}>Runs</Heading>
      {runs.length === 0 && <Hint>No run is stored yet.</Hint>}
      {runs.map((run) => (
        <Deletable
          key={run.id}
          deletion={{ kind: "run", key: run.id }}
          name={run.name}
          note={<ForksStay of={run} />}
        >
          <RunRow
            run={run}
            current={run.id === shown}
            busy={active}
            onContinue={() => {
              resumeRun(run.id);
              onClose();
            }}
          />
        </Deletable>
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
  // what is stored of a run that trains is older than what is known of it
  const livePhase = useStudio((state) => state.run.phase);
  const liveStep = useStudio((state) => state.run.step);
  const trains = current && busy;
  const atRest = run.isElsewhere ? "elsewhere" : phaseAtRest(run.phase);
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
          {PHASES[trains ? livePhase : atRest].text}, step {trains ? liveStep : run.step} of{" "}
          {run.totalSteps} · {formatBytes(run.bytes)} ·{" "}
          {new Date(run.createdAtMs).toLocaleString(undefined, {
            dateStyle: "medium",
            timeStyle: "short",
          })}
        </small>
      </div>
      <Tooltip
        withArrow
        label={run.checkpointStep === null ? "From its start" : `From step ${run.checkpointStep}`}
      >
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<IconPlayerPlay size={13} />}
          aria-label={`Continue ${run.name}`}
          disabled={busy || !canContinue(run)}
          onClick={props.onContinue}
        >
          Continue
        </Button>
      </Tooltip>
      <DeleteButton
        deletion={{ kind: "run", key: run.id }}
        label={`Delete ${run.name}`}
        onDelete={() => deleteRun(run.id)}
      />
    </div>
  );
}

import { ActionIcon, Menu, TextInput, Tooltip, UnstyledButton } from "@mantine/core";
import {
  IconDots,
  IconEye,
  IconEyeOff,
  IconFocusCentered,
  IconFolderOpen,
  IconGitFork,
  IconPencil,
  IconPinned,
  IconPinnedOff,
  IconPlayerPlay,
  IconRepeat,
  IconTrash,
} from "@tabler/icons-react";
import { memo, useState, type KeyboardEvent } from "react";
import { canContinue, type StoredRun } from "../../store/dataSlice";
import { selectInUse } from "../../store/inUse";
import { isDashed, RUN_COLORS, runColor } from "../../store/runColors";
import { lastCknna, lastKid } from "../../store/runList";
import { phaseAtRest } from "../../store/runSlice";
import { selectActive } from "../../store/selectors";
import type { StudioState } from "../../store/studioStore";
import { useCommands } from "../commands";
import { formatValue } from "../explain/format";
import { forkText } from "../explain/forks";
import { PHASES, runDifferences } from "../explain/names";
import { useStudio } from "../useStudio";
import { SaveResultsItems } from "./SaveResultsItems";
import classes from "./runs.module.css";

/**
 * One run of the list: its eye, its colour, what it is, how far it came, and a menu.
 * @param underParent a fork that stands under its parent says what is other there; the rest is the parent's
 */
export const RunRow = memo(function RunRow(props: {
  readonly run: StoredRun;
  readonly underParent: boolean;
}) {
  const { run, underParent } = props;
  const isOpen = useStudio((state) => state.run.runId === run.id);
  const active = useStudio(selectActive);
  const [renaming, setRenaming] = useState(false);
  const { openRun } = useCommands();
  const differences = underParent ? "" : runDifferences(run.name, run.experiment, run.timeline);
  return (
    <div
      className={classes.row}
      data-open={isOpen || undefined}
      data-hidden={!run.look.shown || undefined}
    >
      <Eye run={run} />
      <span className={classes.swatch} style={swatchStyle(run.look.color)} aria-hidden="true" />
      <div className={classes.main}>
        {renaming ? (
          <NameInput run={run} onDone={() => setRenaming(false)} />
        ) : (
          <Tooltip
            label={
              active
                ? "While a run is under way the page follows it: look at this one in Compare"
                : "Show this run"
            }
            openDelay={600}
            withArrow
            disabled={isOpen}
          >
            <UnstyledButton
              className={classes.name}
              aria-label={`Open ${run.name}`}
              aria-current={isOpen || undefined}
              onClick={() => {
                if (!isOpen) openRun(run.id);
              }}
              onDoubleClick={() => setRenaming(true)}
            >
              {run.pinned && <IconPinned size={12} aria-label="Pinned" />} {run.name}
            </UnstyledButton>
          </Tooltip>
        )}
        {run.parent && <Edge parent={run.parent} />}
        {differences !== "" && (
          <small className={classes.differences} title={differences}>
            {differences}
          </small>
        )}
        <RunState run={run} isOpen={isOpen} />
      </div>
      <RunMenu run={run} isOpen={isOpen} onRename={() => setRenaming(true)} />
    </div>
  );
});

/** Where a fork was begun, and what is other since. */
function Edge({ parent }: { readonly parent: NonNullable<StoredRun["parent"]> }) {
  const text = forkText(parent);
  return (
    <small className={classes.edge} title={text}>
      <IconGitFork size={11} aria-label="Fork" /> {text}
    </small>
  );
}

const swatchStyle = (color: number) =>
  ({
    borderTopColor: runColor(color),
    borderTopStyle: isDashed(color) ? "dashed" : "solid",
  }) as const;

function Eye({ run }: { readonly run: StoredRun }) {
  const { showRun } = useCommands();
  const { shown } = run.look;
  const Picture = shown ? IconEye : IconEyeOff;
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="sm"
      aria-label={`Draw ${run.name}`}
      aria-pressed={shown}
      onClick={() => showRun(run.id, !shown)}
    >
      <Picture size={15} stroke={1.6} />
    </ActionIcon>
  );
}

/** The open run's own figures are newer than those of its record. */
function RunState({ run, isOpen }: { readonly run: StoredRun; readonly isOpen: boolean }) {
  const phase = useStudio((state) => (isOpen ? state.run.phase : restOf(run)));
  const step = useStudio((state) => (isOpen ? state.run.step : run.step));
  const kid = useStudio((state) => (isOpen ? openKid(state) : undefined)) ?? lastKid(run);
  const cknna = useStudio((state) => (isOpen ? openCknna(state) : undefined)) ?? lastCknna(run);
  const { text, color, busy } = PHASES[phase];
  return (
    <small className={classes.state}>
      <span>
        <span
          className={classes.dot}
          data-busy={busy || undefined}
          style={{ background: `var(--mantine-color-${color}-6)` }}
        />
        {text} · {step} of {run.totalSteps}
      </span>
      {run.imported && <span title={`From ${run.imported.file}`}>Imported</span>}
      {kid !== undefined && <span>KID {formatValue(kid)}</span>}
      {cknna !== undefined && <span>CKNNA {formatValue(cknna)}</span>}
    </small>
  );
}

const restOf = (run: StoredRun) => (run.isElsewhere ? "elsewhere" : phaseAtRest(run.phase));

const openKid = ({ metrics }: StudioState) => metrics.sampleQuality.at(-1)?.kid;
const openCknna = ({ metrics, run }: StudioState) =>
  metrics.layerAlignment.at(-1)?.cknna[(run.experiment?.alignment.encoderDepth ?? 1) - 1];

function NameInput({ run, onDone }: { readonly run: StoredRun; readonly onDone: () => void }) {
  const { renameRun } = useCommands();
  const [name, setName] = useState(run.name);
  const onKey = (event: KeyboardEvent) => {
    event.stopPropagation(); // keys are shortcuts of the page
    if (event.key === "Escape") onDone();
    if (event.key !== "Enter") return;
    renameRun(run.id, name);
    onDone();
  };
  return (
    <TextInput
      size="xs"
      autoFocus
      aria-label={`Name of ${run.name}`}
      value={name}
      onChange={(event) => setName(event.currentTarget.value)}
      onKeyDown={onKey}
      onBlur={() => {
        renameRun(run.id, name);
        onDone();
      }}
    />
  );
}

/** @param active it waits for what is under way */
function continueText({ checkpointStep, imported }: StoredRun, active: boolean): string {
  const verb = active ? "Queue" : checkpointStep === null ? "Run" : "Continue";
  if (checkpointStep !== null) return `${verb} from step ${checkpointStep}`;
  return imported ? "No checkpoint to continue from" : `${verb} from its start`;
}

function RunMenu(props: {
  readonly run: StoredRun;
  readonly isOpen: boolean;
  readonly onRename: () => void;
}) {
  const { run, isOpen, onRename } = props;
  const { openRun, resumeRun, runAgain, soloRun, pinRun, colorRun, deleteRun } = useCommands();
  const [returnFocus, setReturnFocus] = useState(true);
  const active = useStudio(selectActive);
  const inUse = useStudio(selectInUse({ kind: "run", key: run.id }));
  const askFork = useStudio((state) => state.askFork);
  const PinIcon = run.pinned ? IconPinnedOff : IconPinned;
  return (
    <Menu
      returnFocus={returnFocus}
      onOpen={() => setReturnFocus(true)}
      position="bottom-end"
      shadow="md"
      width={210}
      withinPortal
    >
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`More about ${run.name}`}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconFolderOpen size={14} />}
          disabled={isOpen}
          onClick={() => openRun(run.id)}
        >
          {active ? "Look at it in Compare" : "Open"}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconPlayerPlay size={14} />}
          disabled={(isOpen && active) || !canContinue(run)}
          onClick={() => resumeRun(run.id)}
        >
          {continueText(run, active)}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconGitFork size={14} />}
          onClick={() => {
            setReturnFocus(false); // the dialog takes it
            askFork({ runId: run.id, before: null });
          }}
        >
          Fork…
        </Menu.Item>
        <Menu.Item leftSection={<IconRepeat size={14} />} onClick={() => runAgain(run.id)}>
          {active ? "Queue with the next seed" : "Train with the next seed"}
        </Menu.Item>
        <Menu.Item leftSection={<IconFocusCentered size={14} />} onClick={() => soloRun(run.id)}>
          Draw this one only
        </Menu.Item>
        <Menu.Item
          leftSection={<IconPencil size={14} />}
          onClick={() => {
            setReturnFocus(false); // the name takes it
            onRename();
          }}
        >
          Rename
        </Menu.Item>
        <Menu.Item leftSection={<PinIcon size={14} />} onClick={() => pinRun(run.id, !run.pinned)}>
          {run.pinned ? "Unpin" : "Pin on top"}
        </Menu.Item>
        <SaveResultsItems runs={[run]} label="Save results" />
        <Menu.Label>Colour</Menu.Label>
        <div className={classes.palette} role="group" aria-label={`Colour of ${run.name}`}>
          {Array.from({ length: RUN_COLORS }, (_, place) => (
            <UnstyledButton
              key={place}
              className={classes.paint}
              style={{ background: runColor(place) }}
              aria-label={`Colour ${place + 1}`}
              aria-pressed={run.look.color % RUN_COLORS === place}
              onClick={() => colorRun(run.id, place)}
            />
          ))}
        </div>
        <Menu.Divider />
        <Menu.Item
          color="red"
          leftSection={<IconTrash size={14} />}
          disabled={inUse}
          onClick={() => deleteRun(run.id)}
        >
          Delete
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

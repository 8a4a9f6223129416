import "@mantine/core/styles/ModalBase.css";
import "@mantine/core/styles/Modal.css";
import { ActionIcon, Button, Group, Modal, Tooltip } from "@mantine/core";
import { IconPinned } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useStore } from "zustand";
import type { ForkPoint, Repeatable } from "../../../common/config/forks";
import { firstOwnStep } from "../../../common/config/forks";
import { liveChanges } from "../../../common/config/imageEntries";
import type { KeptCheckpoint, StoredRun } from "../../store/dataSlice";
import type { ForkAsked, ForkQuestion } from "../../store/forksSlice";
import { selectActive } from "../../store/selectors";
import { useCommands } from "../commands";
import { Heading, Hint, Problem } from "../components/Notes";
import { formatBytes } from "../explain/format";
import { changeText, timelineText } from "../explain/names";
import { StoreContext, useStudio } from "../useStudio";
import { beginnings, createDraft, draftIssues, leftOut } from "./forkDraft";
import { ForkSettings } from "./ForkSettings";
import classes from "./forks.module.css";

/** Makes a run that begins from a kept checkpoint of another one, with settings changed that the checkpoint allows. */
export function ForkDialog({ opened }: { readonly opened: boolean }) {
  const asked = useStudio((state) => state.forks.asked);
  const askFork = useStudio((state) => state.askFork);
  const run = useStudio(({ data }) => data.runs.find(({ id }) => id === asked?.runId));
  return (
    <Modal
      opened={opened}
      onClose={() => askFork(null)}
      title={`Fork ${run?.name ?? "a run"}`}
      size="lg"
      closeButtonProps={{ "aria-label": "Close fork" }}
    >
      {/* takes the focus when it opens, so that a stray Enter presses nothing */}
      <div tabIndex={-1} data-autofocus style={{ outline: "none" }}>
        {asked && run && <ForkBody key={run.id} asked={asked} run={run} />}
        {asked && !run && <Hint>This run is no longer stored.</Hint>}
      </div>
    </Modal>
  );
}

function ForkBody({ asked, run }: { readonly asked: ForkQuestion; readonly run: StoredRun }) {
  const parent = useParent(run);
  const { before } = asked;
  const places = beginnings(run, before);
  const [chosen, setChosen] = useState(() => places[0]?.step ?? null);
  const step = places.some((place) => place.step === chosen) ? chosen : (places[0]?.step ?? null);
  if (step === null) return <Hint>No checkpoint of this run is kept from before that.</Hint>;
  return (
    <>
      {before && (
        <p className={classes.without}>
          Without {changeText(before.change)} at step {before.step}.
        </p>
      )}
      <Heading order={3}>Begins from</Heading>
      <ul className={classes.checkpoints} role="radiogroup" aria-label="Begins from">
        {places.map((place) => (
          <li key={place.step}>
            <label className={classes.checkpoint}>
              <input
                type="radio"
                name="fork-step"
                checked={place.step === step}
                onChange={() => setChosen(place.step)}
              />
              <span>{place.step === 0 ? "the start" : `step ${place.step}`}</span>
              <small>{aboutCheckpoint(place, parent)}</small>
            </label>
            {place.pinned !== undefined && (
              <PinButton runId={run.id} step={place.step} pinned={place.pinned} />
            )}
          </li>
        ))}
      </ul>
      <ForkForm run={run} parent={parent} point={{ step, before: before ?? undefined }} />
    </>
  );
}

/** What the fork's settings come from: of the open run what it has come to, which its record may not say yet. */
function useParent({ id, experiment, timeline }: StoredRun): Repeatable {
  const live = useStudio(({ run }) => (run.runId === id ? run.timeline : null));
  return useMemo(() => ({ experiment, timeline: live ?? timeline }), [experiment, timeline, live]);
}

/** "9.2 MB, before λ 0.9". */
function aboutCheckpoint(
  { step, bytes }: Pick<KeptCheckpoint, "step"> & Partial<KeptCheckpoint>,
  { timeline }: Repeatable,
): string {
  if (bytes === undefined) return "needs no checkpoint";
  const next = liveChanges(timeline).filter((entry) => entry.step === step + 1);
  const then = next.map(({ change }) => changeText(change)).join(", ");
  return [formatBytes(bytes), ...(then === "" ? [] : [`before ${then}`])].join(", ");
}

function PinButton(props: {
  readonly runId: string;
  readonly step: number;
  readonly pinned: boolean;
}) {
  const { runId, step, pinned } = props;
  const { pinCheckpoint } = useCommands();
  return (
    <Tooltip
      label={pinned ? "Kept until you unpin it" : "Keep it whatever is stored after it"}
      withArrow
    >
      <ActionIcon
        variant={pinned ? "light" : "subtle"}
        color={pinned ? "iris" : "gray"}
        size="sm"
        aria-label={`Pin the checkpoint of step ${step}`}
        aria-pressed={pinned}
        onClick={() => pinCheckpoint(runId, step, !pinned)}
      >
        <IconPinned size={14} />
      </ActionIcon>
    </Tooltip>
  );
}

/** The settings of the fork, and what becomes of it. They are edited in a store of the dialog's own. */
function ForkForm(props: {
  readonly run: StoredRun;
  readonly parent: Repeatable;
  readonly point: ForkPoint;
}) {
  const { run, parent, point } = props;
  const [draft, setDraft] = useState(() => ({
    step: point.step,
    store: createDraft(parent, point),
  }));
  if (draft.step !== point.step) {
    setDraft({ step: point.step, store: createDraft(parent, point, draft.store) });
  }
  const edited = useStore(draft.store, (state) => state.experiment);
  const issues = draftIssues(parent, point, edited);
  return (
    <>
      <StoreContext value={draft.store}>
        <ForkSettings />
      </StoreContext>
      <WhatHappens parent={parent} point={point} />
      {issues.map(({ path, message }) => (
        <Problem key={path}>{message}</Problem>
      ))}
      <Choices
        onFork={(begins) => ({
          ...{ runId: run.id, step: point.step, before: point.before ?? null },
          ...{ wanted: edited.value, begins },
        })}
        disabled={issues.length > 0}
      />
    </>
  );
}

/** What is computed again, and what of the parent is not repeated. */
function WhatHappens({
  parent,
  point,
}: {
  readonly parent: Repeatable;
  readonly point: ForkPoint;
}) {
  const last = firstOwnStep(point) - 1;
  const missing = leftOut(parent, point);
  return (
    <>
      {last > point.step && (
        <Hint>
          Steps {point.step + 1} to {last} are computed again: no later checkpoint is kept.
        </Hint>
      )}
      {missing.length > 0 && <Hint>Not repeated: {timelineText(missing)}.</Hint>}
      <Hint>
        What is not changed goes on as it did, to the bit. The checkpoint is copied: the fork stays
        when its parent is deleted.
      </Hint>
    </>
  );
}

function Choices(props: {
  readonly onFork: (
    begins: ForkAsked["begins"],
  ) => Parameters<ReturnType<typeof useCommands>["fork"]>[0];
  readonly disabled: boolean;
}) {
  const { onFork, disabled } = props;
  const { fork } = useCommands();
  const active = useStudio(selectActive);
  const busy = useStudio((state) => state.forks.busy);
  const askFork = useStudio((state) => state.askFork);
  const give = (begins: ForkAsked["begins"]) => {
    fork(onFork(begins));
    askFork(null);
  };
  return (
    <Group justify="flex-end" mt="md">
      <Button variant="default" disabled={disabled || busy} onClick={() => give("never")}>
        Keep it for later
      </Button>
      {active && (
        <Button variant="default" disabled={disabled || busy} onClick={() => give("afterwards")}>
          Queue it
        </Button>
      )}
      <Button disabled={disabled || busy} onClick={() => give("now")}>
        {active ? "Stop the run and train the fork" : "Train the fork"}
      </Button>
    </Group>
  );
}

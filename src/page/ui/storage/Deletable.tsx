import { ActionIcon, Button } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { StoredRun } from "../../store/dataSlice";
import { isSameDeletion, type Deletion } from "../../store/deletionsSlice";
import { selectInUse } from "../../store/inUse";
import { useCommands } from "../commands";
import { forksOf } from "../../store/forks";
import { forksStay } from "../explain/forks";
import { useStudio } from "../useStudio";
import classes from "./storage.module.css";

/**
 * Shows `children` until the thing is deleted, then that it is, with a way back. The row keeps its place and its height,
 * and there is nothing where the bin was: the second click of a double click meets nothing.
 */
export function Deletable(props: {
  readonly deletion: Deletion;
  readonly name: string;
  /** What else becomes of it, beside "Deleted". */
  readonly note?: ReactNode;
  readonly children: ReactNode;
}) {
  const { deletion, name, note, children } = props;
  const deleted = useStudio(({ deletions }) =>
    deletions.some((other) => isSameDeletion(other, deletion)),
  );
  const { undoDelete } = useCommands();
  if (!deleted) return children;
  return (
    <div className={classes.deleted} role="status" aria-label={`${name} is deleted`}>
      <div className={classes.main}>
        <div className={classes.name}>{name}</div>
        <small>Deleted{note}</small>
      </div>
      <Button
        size="compact-xs"
        variant="default"
        autoFocus
        aria-label={`Undo deleting ${name}`}
        onClick={() => undoDelete(deletion)}
      >
        Undo
      </Button>
      <span className={classes.binPlace} />
    </div>
  );
}

/** What becomes of the forks of a run that is deleted. */
export function ForksStay({ of }: { readonly of: Pick<StoredRun, "id"> }) {
  const count = useStudio(({ data }) => forksOf(data.runs, of.id).length);
  const text = forksStay(count);
  return text === undefined ? null : `; ${text}`;
}

/** Deletes at one press: it can be undone. What is in use cannot be deleted. */
export function DeleteButton(props: {
  readonly deletion: Deletion;
  readonly label: string;
  readonly onDelete: () => void;
}) {
  const inUse = useStudio(selectInUse(props.deletion));
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      aria-label={props.label}
      disabled={inUse}
      onClick={props.onDelete}
    >
      <IconTrash size={16} stroke={1.6} />
    </ActionIcon>
  );
}

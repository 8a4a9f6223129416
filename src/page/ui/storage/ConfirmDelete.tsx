import { ActionIcon, Button } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";

/** The first press asks, the second deletes; looking away takes the question back. */
export function ConfirmDelete(props: {
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

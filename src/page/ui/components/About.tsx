import { ActionIcon, Tooltip } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import classes from "./fields.module.css";

/** What something is, and below it where that comes from; on hover, focus and touch. */
export function About(props: {
  readonly label: string;
  readonly help?: string | undefined;
  readonly source: string;
}) {
  const { label, help, source } = props;
  return (
    <Tooltip
      multiline
      w={280}
      withArrow
      events={{ hover: true, focus: true, touch: true }}
      label={
        <>
          {help !== undefined && <div>{help}</div>}
          <div style={{ opacity: 0.75 }}>{source}</div>
        </>
      }
    >
      <ActionIcon
        className={classes.info ?? ""}
        variant="transparent"
        color="gray"
        size={18}
        aria-label={`About ${label}`}
      >
        <IconInfoCircle size={14} stroke={1.6} />
      </ActionIcon>
    </Tooltip>
  );
}

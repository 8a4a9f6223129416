import { Alert, Button, Group, Textarea } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useCopy } from "../useCopy";
import { environmentLines, faultDetails, faultMessage, type Fault } from "./fault";
import classes from "./fault.module.css";

export interface FaultNoticeProps {
  readonly fault: Fault;
  readonly retry: () => void;
  readonly close?: (() => void) | undefined;
}

/** A part of the page that threw: which, why, and what can be done. A run goes on meanwhile. */
export function FaultNotice({ fault, retry, close }: FaultNoticeProps) {
  const { state, copy } = useCopy(() => faultDetails(fault, environmentLines()));
  return (
    <Alert
      p="sm"
      m="xs"
      color="red"
      variant="light"
      icon={<IconAlertTriangle />}
      title={`“${fault.what}” cannot be shown`}
      className={classes.notice ?? ""}
    >
      <div className={classes.message}>{faultMessage(fault.thrown)}</div>
      <Group gap={6} mt="xs">
        <Button size="compact-xs" color="red" onClick={retry}>
          Try again
        </Button>
        <Button size="compact-xs" variant="default" onClick={copy}>
          {state.kind === "copied" ? "Copied" : "Copy details"}
        </Button>
        {close && (
          <Button size="compact-xs" variant="default" onClick={close}>
            Close
          </Button>
        )}
      </Group>
      {state.kind === "manual" && (
        <Textarea
          mt="xs"
          size="xs"
          autosize
          maxRows={8}
          readOnly
          label="Details"
          description={state.reason}
          value={state.text}
          onFocus={(event) => event.currentTarget.select()}
        />
      )}
    </Alert>
  );
}

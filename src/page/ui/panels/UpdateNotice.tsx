import { Alert, Button } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import { useState } from "react";
import { underWay } from "../../store/underWay";
import { useCommands } from "../commands";
import { useStudio } from "../useStudio";

/** A newer version of the site waits. It is offered, and never taken while something is under way. */
export function UpdateNotice() {
  const { update, refusal } = useStudio((state) => state.site);
  const what = useStudio((state) => underWay(state)[0]);
  const [dismissed, setDismissed] = useState(false);
  const { takeUpdate } = useCommands();
  if (update === "none" || dismissed) return null;
  const elsewhere = update === "elsewhere";
  return (
    <Alert
      p="sm"
      color="blue"
      variant="light"
      icon={<IconInfoCircle />}
      title={elsewhere ? "Another tab uses a newer version" : "A newer version is here"}
      withCloseButton
      closeButtonLabel="Dismiss new version"
      onClose={() => setDismissed(true)}
    >
      <div>
        {what !== undefined
          ? `It can be used when nothing is under way (now: ${what}), or at the next visit.`
          : "Using it reloads the page. What is stored stays."}
      </div>
      {refusal !== null && <div role="status">{refusal}</div>}
      <Button
        mt="xs"
        size="xs"
        disabled={what !== undefined}
        loading={update === "taking"}
        onClick={takeUpdate}
      >
        {elsewhere ? "Reload" : "Use it now"}
      </Button>
    </Alert>
  );
}

import { Button, Progress } from "@mantine/core";
import { useEffect } from "react";
import { useCommands } from "../commands";
import { Heading, Hint } from "../components/Notes";
import { formatBytes } from "../explain/format";
import { useStudio } from "../useStudio";
import classes from "../panels/panels.module.css";

/** The site itself: its version, and whether it opens without a network. */
export function OfflineUse() {
  const site = useStudio((state) => state.site);
  const { readSite, keepSite, forgetSite } = useCommands();
  useEffect(readSite, [readSite]);
  const { facts, kept, keeping, notIsolated } = site;
  const size = facts ? formatBytes(facts.bytes) : null;
  return (
    <section className={classes.section} aria-label="Offline use">
      <Heading order={3}>Offline use</Heading>
      <Hint>
        {kept
          ? `REPA Studio is kept in this browser${size === null ? "" : ` (${size})`} and opens without a network.`
          : `Kept in this browser, REPA Studio opens without a network${size === null ? "" : `: ${size}`}.`}
        {facts && ` Version ${facts.version}.`}
      </Hint>
      {notIsolated !== null && (
        <Hint>
          The page is not isolated ({notIsolated}), so training without a GPU uses one core.
        </Hint>
      )}
      {keeping.status === "running" && facts && (
        <Progress
          aria-label="Storing the site"
          value={(100 * keeping.doneBytes) / Math.max(1, facts.bytes)}
        />
      )}
      {keeping.status === "failed" && (
        <div role="alert">
          Not kept: {keeping.message}. What is stored so far stays; free some storage or check the
          connection, then try again.
        </div>
      )}
      {kept ? (
        <Button size="compact-xs" variant="default" onClick={forgetSite}>
          Remove from this browser
        </Button>
      ) : (
        <Button
          size="compact-xs"
          variant="default"
          loading={keeping.status === "running"}
          onClick={keepSite}
        >
          Keep for offline use
        </Button>
      )}
    </section>
  );
}

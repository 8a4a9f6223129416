import { Alert, Button, Group } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { ImportJob } from "../../store/datasetsSlice";
import { useCommands } from "../commands";
import { Bar } from "../components/Bar";
import { Hint } from "../components/Notes";
import { SpokenShare } from "../components/SpokenShare";
import { formatBytes } from "../explain/format";
import { useStudio } from "../useStudio";
import classes from "./data.module.css";

/** The import under way, and how the last one ended. */
export function ImportProgress() {
  const job = useStudio((state) => state.datasets.job);
  const dismiss = useStudio((state) => state.dismissImport);
  const { cancelImport } = useCommands();
  if (!job) return null;
  if (job.status === "running") {
    return (
      <div className={classes.form} role="group" aria-label={`Import of ${job.name}`}>
        <p className={classes.from}>
          {job.name} <small>from {job.from}</small>
        </p>
        <Bar share={shareOf(job)} label={`Import of ${job.name}`} />
        <Hint>{progressText(job)}</Hint>
        <SpokenShare share={shareOf(job) ?? 0} what="imported" />
        {job.warning && <Hint>{job.warning.message}</Hint>}
        <Group justify="flex-end">
          <Button size="xs" variant="default" onClick={cancelImport}>
            Cancel
          </Button>
        </Group>
      </div>
    );
  }
  return <Ended job={job} onClose={dismiss} />;
}

/** "1,204 of 5,000 images · 85 MB read · 210 images/s · 3 skipped", as far as it is known. */
export function progressText(job: ImportJob): string {
  const { done, skipped, readBytes, imagesPerSecond, foundBytes } = job;
  const total = job.total ?? job.foundImages;
  if (done === 0 && readBytes === 0) return "Looking what there is";
  return [
    total === null ? `${done} images` : `${done} of ${total} images`,
    foundBytes === null
      ? `${formatBytes(readBytes)} read`
      : `${formatBytes(readBytes)} of ${formatBytes(foundBytes)}`,
    ...(imagesPerSecond > 0 ? [`${imagesPerSecond.toFixed(0)} images/s`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ].join(" · ");
}

/** Done of all, in [0, 1]; null while the source does not say how much there is. */
function shareOf({ done, total, foundImages }: ImportJob): number | null {
  const all = total ?? foundImages;
  return all ? Math.min(1, done / all) : null;
}

function Ended({ job, onClose }: { readonly job: ImportJob; readonly onClose: () => void }) {
  const { name, status, failure, done, skipped } = job;
  const bad = status === "failed";
  const kept =
    done > 0 ? `${done} images are kept. Continue goes on from there.` : "Nothing was stored yet.";
  return (
    <Alert
      mt={8}
      p="xs"
      color={bad ? "red" : status === "done" ? "teal" : "yellow"}
      variant="light"
      {...(bad && { icon: <IconAlertTriangle /> })}
      title={
        bad
          ? `The import of ${name} stopped: ${failure?.code ?? ""}`
          : status === "done"
            ? `${name} is here`
            : `The import of ${name} was cut`
      }
      withCloseButton
      closeButtonLabel="Dismiss import notice"
      onClose={onClose}
    >
      {failure ? (
        <>
          <div>{failure.message}</div>
          <div>{failure.hint}</div>
        </>
      ) : (
        <>
          {status === "cancelled" && <div>{kept}</div>}
          {skipped > 0 && <div>{skipped} skipped.</div>}
        </>
      )}
    </Alert>
  );
}

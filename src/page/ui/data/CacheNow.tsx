import { Button, Group } from "@mantine/core";
import { useEffect } from "react";
import type { EncoderId } from "../../../common/config/experiment";
import { gridSide } from "../../../common/config/sizes";
import { billSeconds } from "../../store/cacheNowSlice";
import { missingBytes } from "../../store/dataSlice";
import { selectActive } from "../../store/selectors";
import { useCommands } from "../commands";
import { SpokenShare } from "../components/SpokenShare";
import { formatBytes, formatDuration } from "../explain/format";
import { useStudio } from "../useStudio";
import classes from "./data.module.css";

/** Fills caches of the data trained on without training: the bill, then Start, Pause, Continue. */
export function CacheNow({ encoders }: { readonly encoders: readonly EncoderId[] }) {
  const { billCaches, cacheNow, pauseCaching } = useCommands();
  const { bill, status, failure } = useStudio((state) => state.cacheNow);
  const data = useStudio((state) => state.experiment.value.data);
  const autoencoder = useStudio((state) => state.experiment.value.autoencoder);
  const grid = useStudio((state) => gridSide(state.experiment.value));
  const active = useStudio(selectActive);
  const caches = useStudio((state) => state.data.caches);
  const weights = useStudio((state) => state.weights.stored);
  const progress = useStudio((state) => state.data.progress);
  // what is stored is part of the bill, so it is asked for again when that changes
  useEffect(
    () => billCaches(encoders),
    [billCaches, encoders, data, autoencoder, grid, caches, weights],
  );
  const running = status === "running";
  const missing = bill ? missingBytes(bill) : 0;
  const begun = bill?.items.some(({ cachedBytes }) => cachedBytes > 0) ?? false;
  return (
    <section className={classes.section} aria-label="Cache now">
      <h3 className={classes.heading}>Cache now</h3>
      <p className={classes.hint}>
        Latents of the data trained on, and features of the encoders ticked in the middle. Training
        does this by itself; doing it before lets encoders be switched at once.
      </p>
      {bill && !running && <Bill />}
      {running && (
        <p className={classes.hint}>
          {progress
            ? `${progress.label}: ${progress.done} of ${progress.total} images, ${progress.imagesPerSecond.toFixed(0)}/s`
            : "Starting"}
          <SpokenShare
            share={progress ? progress.done / progress.total : 0}
            what={`of ${progress?.label ?? "the caches"}`}
          />
        </p>
      )}
      {failure && (
        <p className={classes.problem} role="alert">
          {failure.message} {failure.hint}
        </p>
      )}
      <Group gap={8} mt={8}>
        {running ? (
          <Button size="xs" variant="default" onClick={pauseCaching}>
            Pause
          </Button>
        ) : (
          <Button
            size="xs"
            variant="light"
            disabled={active || !bill || (missing === 0 && bill.weights.length === 0)}
            title={active ? "A run is active: it fills its own caches" : undefined}
            onClick={() => cacheNow(encoders)}
          >
            {begun && missing > 0 ? "Continue" : "Start"}
          </Button>
        )}
        {status === "done" && missing === 0 && <span className={classes.faint}>All cached.</span>}
      </Group>
    </section>
  );
}

/** What it takes, by cache, before it starts. */
function Bill() {
  const bill = useStudio((state) => state.cacheNow.bill);
  if (!bill) return null;
  const missing = missingBytes(bill);
  const seconds = billSeconds(bill);
  return (
    <>
      <table className={classes.bill} aria-label="What caching takes">
        <tbody>
          {bill.items.map(({ label, bytes, cachedBytes }) => (
            <tr key={label}>
              <td>{label}</td>
              <td>
                {cachedBytes >= bytes
                  ? "cached"
                  : cachedBytes > 0
                    ? `${formatBytes(bytes - cachedBytes)} of ${formatBytes(bytes)}`
                    : formatBytes(bytes)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className={classes.hint}>
        {missing === 0
          ? `All ${bill.images} images are cached.`
          : `${bill.images} images, ${formatBytes(missing)} to store; ${seconds === null ? "time not measured on this device yet" : `about ${formatDuration(seconds)}`}.`}
        {bill.weights.length > 0 &&
          ` First, weights are downloaded: ${bill.weights.map(({ label }) => label).join(", ")}.`}
      </p>
    </>
  );
}

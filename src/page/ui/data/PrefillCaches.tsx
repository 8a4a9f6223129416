import { Button, Group } from "@mantine/core";
import { useEffect } from "react";
import type { EncoderId } from "../../../common/config/experiment";
import { gridSide } from "../../../common/config/sizes";
import { estimatedSeconds } from "../../store/prefillSlice";
import { missingBytes } from "../../store/dataSlice";
import { selectActive } from "../../store/selectors";
import { useCommands } from "../commands";
import { Heading, Hint, Problem } from "../components/Notes";
import { SpokenShare } from "../components/SpokenShare";
import { formatBytes, formatDuration } from "../explain/format";
import { useStudio } from "../useStudio";
import classes from "./data.module.css";

/** Fills caches of the data trained on without training: the cost estimate, then Start, Pause, Continue. */
export function PrefillCaches({ encoders }: { readonly encoders: readonly EncoderId[] }) {
  const { estimatePrefill, prefillCaches, pauseCaching } = useCommands();
  const { costEstimate, status, failure } = useStudio((state) => state.prefill);
  const data = useStudio((state) => state.experiment.value.data);
  const autoencoder = useStudio((state) => state.experiment.value.autoencoder);
  const grid = useStudio((state) => gridSide(state.experiment.value));
  const active = useStudio(selectActive);
  const caches = useStudio((state) => state.data.caches);
  const weights = useStudio((state) => state.weights.stored);
  const progress = useStudio((state) => state.data.progress);
  // what is stored is part of the cost estimate, so it is asked for again when that changes
  useEffect(
    () => estimatePrefill(encoders),
    [estimatePrefill, encoders, data, autoencoder, grid, caches, weights],
  );
  const running = status === "running";
  const missing = costEstimate ? missingBytes(costEstimate) : 0;
  const begun = costEstimate?.items.some(({ cachedBytes }) => cachedBytes > 0) ?? false;
  return (
    <section className={classes.section} aria-label="Prefill caches">
      <Heading order={3}>Prefill caches</Heading>
      <Hint>
        Latents of the data trained on, and features of the encoders ticked in the middle. Training
        does this by itself; doing it before lets encoders be switched at once.
      </Hint>
      {costEstimate && !running && <CostTable />}
      {running && (
        <Hint>
          {progress
            ? `${progress.label}: ${progress.done} of ${progress.total} images, ${progress.imagesPerSecond.toFixed(0)}/s`
            : "Starting"}
          <SpokenShare
            share={progress ? progress.done / progress.total : 0}
            what={`of ${progress?.label ?? "the caches"}`}
          />
        </Hint>
      )}
      {failure && (
        <Problem role="alert">
          {failure.message} {failure.hint}
        </Problem>
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
            disabled={
              active || !costEstimate || (missing === 0 && costEstimate.weights.length === 0)
            }
            title={active ? "A run is active: it fills its own caches" : undefined}
            onClick={() => prefillCaches(encoders)}
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
function CostTable() {
  const costEstimate = useStudio((state) => state.prefill.costEstimate);
  if (!costEstimate) return null;
  const missing = missingBytes(costEstimate);
  const seconds = estimatedSeconds(costEstimate);
  return (
    <>
      <table className={classes.costEstimate} aria-label="What caching takes">
        <tbody>
          {costEstimate.items.map(({ label, bytes, cachedBytes }) => (
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
      <Hint>
        {missing === 0
          ? `All ${costEstimate.images} images are cached.`
          : `${costEstimate.images} images, ${formatBytes(missing)} to store; ${seconds === null ? "time not measured on this device yet" : `about ${formatDuration(seconds)}`}.`}
        {costEstimate.weights.length > 0 &&
          ` First, weights are downloaded: ${costEstimate.weights.map(({ label }) => label).join(", ")}.`}
      </Hint>
    </>
  );
}

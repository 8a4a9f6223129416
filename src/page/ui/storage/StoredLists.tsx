import { Badge } from "@mantine/core";
import type { DatasetSummary } from "../../../common/protocol/datasets";
import type { StoredCache } from "../../store/dataSlice";
import { useCommands } from "../commands";
import { Heading, Hint } from "../components/Notes";
import { formatBytes } from "../explain/format";
import { weightsFacts } from "../explain/weights";
import { useStudio } from "../useStudio";
import { Deletable, DeleteButton } from "./Deletable";
import classes from "../panels/panels.module.css";

/** Lists of what this browser keeps, for the drawer and for the Data view. */
export function Meter() {
  const storage = useStudio((state) => state.data.storage);
  if (!storage) return <Hint>The browser does not say how much is stored.</Hint>;
  const { usedBytes, quotaBytes, persisted } = storage;
  const share = quotaBytes ? Math.min(100, (100 * usedBytes) / quotaBytes) : 0;
  return (
    <section aria-label="Storage used">
      <div
        className={classes.storageBar}
        role="meter"
        aria-label="Storage used"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share)}
      >
        <div style={{ width: `${Math.max(share, 0.7)}%`, background: "var(--chart-velocity)" }} />
      </div>
      <Hint>
        {formatBytes(usedBytes)}
        {quotaBytes !== null && ` of ${formatBytes(quotaBytes)} the browser allows`}.{" "}
        {persisted
          ? "Kept until you delete it."
          : "The browser may clear it when the disk fills up."}
      </Hint>
    </section>
  );
}

/**
 * Images a cache holds when it is whole; null when that is not known. Its key holds the hash of its data set; that of
 * the built-in images depends on how many of them are used.
 */
export const wholeRows = (
  { key }: Pick<StoredCache, "key">,
  datasets: readonly DatasetSummary[],
): number | null =>
  datasets.find(({ data }) => data !== null && key.includes(data.hash))?.images ?? null;

export function Caches() {
  const caches = useStudio((state) => state.data.caches);
  const datasets = useStudio((state) => state.datasets.list) ?? [];
  const { deleteCache } = useCommands();
  return (
    <section className={classes.section} aria-label="Caches">
      <Heading order={3}>Caches</Heading>
      <Hint>
        Latents and encoder features, computed once and kept. Deleting one costs its computing time.
      </Hint>
      {caches.map((cache) => (
        <Deletable key={cache.key} deletion={{ kind: "cache", key: cache.key }} name={cache.label}>
          <div className={classes.row}>
            <div className={classes.rowMain}>
              <div className={classes.name}>{cache.label}</div>
              <small>
                {formatBytes(cache.bytes)} · {rowsText(cache.rows, wholeRows(cache, datasets))}
              </small>
            </div>
            <DeleteButton
              deletion={{ kind: "cache", key: cache.key }}
              label={`Delete ${cache.label}`}
              onDelete={() => deleteCache(cache.key)}
            />
          </div>
        </Deletable>
      ))}
    </section>
  );
}

const rowsText = (rows: number, whole: number | null): string => {
  if (whole === null) return `${rows} images`;
  return rows >= whole ? `all ${rows} images` : `${rows} of ${whole} images`;
};

export function Weights() {
  const stored = useStudio((state) => state.weights.stored);
  const { deleteWeights } = useCommands();
  return (
    <section className={classes.section} aria-label="Weights">
      <Heading order={3}>Weights</Heading>
      {stored.length === 0 && <Hint>None. Those of the built-in networks come with the page.</Hint>}
      {stored.map((weights) => (
        <Deletable
          key={weights.key}
          deletion={{ kind: "weights", key: weights.key }}
          name={weights.repo}
        >
          <div className={classes.row}>
            <div className={classes.rowMain}>
              <div className={classes.name} title={weights.file}>
                {weights.repo}{" "}
                {weights.licence.nonCommercial && (
                  <Badge size="xs" variant="light" color="yellow" tt="none">
                    non-commercial
                  </Badge>
                )}
              </div>
              <small>{weightsFacts(weights).join(" · ")}</small>
            </div>
            <DeleteButton
              deletion={{ kind: "weights", key: weights.key }}
              label={`Delete weights of ${weights.repo}`}
              onDelete={() => deleteWeights(weights.key)}
            />
          </div>
        </Deletable>
      ))}
    </section>
  );
}

export function StoredDatasets() {
  const list = useStudio((state) => state.datasets.list) ?? [];
  const { deleteDataset } = useCommands();
  if (list.length === 0) return null;
  return (
    <section className={classes.section} aria-label="Imported images">
      <Heading order={3}>Imported images</Heading>
      {list.map(({ id, name, images, bytes }) => (
        <Deletable key={id} deletion={{ kind: "dataset", key: id }} name={name}>
          <div className={classes.row}>
            <div className={classes.rowMain}>
              <div className={classes.name}>{name}</div>
              <small>
                {formatBytes(bytes)} · {images} images
              </small>
            </div>
            <DeleteButton
              deletion={{ kind: "dataset", key: id }}
              label={`Delete ${name}`}
              onDelete={() => deleteDataset(id)}
            />
          </div>
        </Deletable>
      ))}
    </section>
  );
}

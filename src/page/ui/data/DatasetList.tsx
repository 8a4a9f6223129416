import { Alert, Badge, Button, Popover, UnstyledButton } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import { EMOJI_SHAPE } from "../../../common/config/sizes";
import type { DatasetSummary } from "../../../common/protocol/datasets";
import { BUILT_IN_DATA } from "../../store/previewSlice";
import { selectActive } from "../../store/selectors";
import { useCommands } from "../commands";
import { Heading, Hint, Problem } from "../components/Notes";
import { formatBytes } from "../explain/format";
import { Deletable, DeleteButton } from "../storage/Deletable";
import { useStudio } from "../useStudio";
import classes from "./data.module.css";

export function DatasetList() {
  const list = useStudio((state) => state.datasets.list);
  const failure = useStudio((state) => state.datasets.failure);
  return (
    <section aria-label="Data sets">
      <Heading>Data sets</Heading>
      <ul className={classes.list}>
        <BuiltInRow />
        {list?.map((dataset) => (
          <ImportedRow key={dataset.id} dataset={dataset} />
        ))}
      </ul>
      {list?.length === 0 && (
        <Hint>
          No images of your own yet: add a folder, an archive or a data set of the hub below.
        </Hint>
      )}
      {failure && (
        <Problem role="alert">
          {failure.message} {failure.hint}
        </Problem>
      )}
      <Adjusted />
    </section>
  );
}

function BuiltInRow() {
  const { groups, imagesPerGroup, resolution, classes: classCount } = EMOJI_SHAPE;
  const used = useStudio((state) => state.experiment.value.data.dataset === "emoji");
  const setImported = useStudio((state) => state.setImported);
  return (
    <li className={classes.dataset} data-used={used || undefined}>
      <Look shown={BUILT_IN_DATA} name="Emoji, built in" used={used} />
      <small>
        {groups * imagesPerGroup} images · {classCount} classes · {resolution} px
      </small>
      <div className={classes.actions}>
        <Use used={used} name="Emoji, built in" onUse={() => setImported(null)} />
      </div>
    </li>
  );
}

export function ImportedRow({ dataset }: { readonly dataset: DatasetSummary }) {
  const { id, name, source, data, images, bytes, resolution, classNames, resumable } = dataset;
  const setImported = useStudio((state) => state.setImported);
  const used = useStudio(
    ({ experiment: { value } }) =>
      value.data.dataset === "imported" && data !== null && value.data.imported?.hash === data.hash,
  );
  const importing = useStudio((state) => state.datasets.job?.status === "running");
  const { deleteDataset } = useCommands();
  return (
    <li className={classes.dataset} data-used={used || undefined} aria-label={name}>
      <Deletable deletion={{ kind: "dataset", key: id }} name={name}>
        <Look shown={id} name={name} used={used} disabled={data === null} />
        <small title={source}>{source}</small>
        <small>
          {images} images · {classNames.length} {classNames.length === 1 ? "class" : "classes"} ·{" "}
          {resolution} px · {formatBytes(bytes)}
        </small>
        {data === null && <small className={classes.warns}>The import is not complete.</small>}
        <div className={classes.actions}>
          {data ? (
            <Use used={used} name={name} onUse={() => setImported(data)} />
          ) : (
            resumable && <Continue dataset={dataset} disabled={importing} />
          )}
          <Skipped dataset={dataset} />
          <ReadingNotes dataset={dataset} />
          <span className={classes.end}>
            <DeleteButton
              deletion={{ kind: "dataset", key: id }}
              label={`Delete ${name}`}
              onDelete={() => deleteDataset(id)}
            />
          </span>
        </div>
      </Deletable>
    </li>
  );
}

/** The name: pressing it shows the images. */
function Look(props: {
  readonly shown: string;
  readonly name: string;
  readonly used: boolean;
  readonly disabled?: boolean;
}) {
  const { shown, name, used, disabled = false } = props;
  const current = useStudio((state) => state.preview.query.shown === shown);
  const { showImages } = useCommands();
  return (
    <UnstyledButton
      className={classes.look ?? ""}
      aria-pressed={current}
      disabled={disabled}
      title="Show its images"
      onClick={() => showImages({ shown, label: null, first: 0 })}
    >
      <span>{name}</span>
      {used && (
        <Badge size="xs" variant="light" tt="none">
          trained on
        </Badge>
      )}
    </UnstyledButton>
  );
}

function Use(props: { readonly used: boolean; readonly name: string; readonly onUse: () => void }) {
  const active = useStudio(selectActive);
  if (props.used) return null;
  return (
    <Button
      size="compact-xs"
      variant="light"
      disabled={active}
      title={active ? "Locked while the run is active" : undefined}
      aria-label={`Use ${props.name} for training`}
      onClick={props.onUse}
    >
      Use for training
    </Button>
  );
}

/** Going on needs no question for the hub; a folder is read again only when the browser is allowed to. */
function Continue(props: { readonly dataset: DatasetSummary; readonly disabled: boolean }) {
  const { id, name, source, handle } = props.dataset;
  const { continueImport } = useCommands();
  const folder = !source.startsWith("hub:");
  return (
    <Button
      size="compact-xs"
      variant="light"
      disabled={props.disabled}
      aria-label={`Continue the import of ${name}`}
      onClick={() => continueImport(id)}
    >
      {folder && handle ? "Allow again and continue" : "Continue"}
    </Button>
  );
}

function Skipped({ dataset }: { readonly dataset: DatasetSummary }) {
  const { skippedCount, skipped, name } = dataset;
  if (skippedCount === 0) return null;
  return (
    <Popover width={320} position="bottom-start" withArrow shadow="md" trapFocus>
      <Popover.Target>
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          px={4}
          aria-label={`${skippedCount} skipped of ${name}`}
        >
          {skippedCount} skipped
        </Button>
      </Popover.Target>
      <Popover.Dropdown p="xs">
        <ul className={classes.skipped} tabIndex={0} aria-label="Skipped images">
          {skipped.map(({ name: file, reason }) => (
            <li key={file}>
              <strong>{file}</strong> {reason}
            </li>
          ))}
        </ul>
        {skippedCount > skipped.length && <Hint>and {skippedCount - skipped.length} more</Hint>}
      </Popover.Dropdown>
    </Popover>
  );
}

/** What the import recognised, merged, or read otherwise than some would think. */
function ReadingNotes({ dataset: { notes, name } }: { readonly dataset: DatasetSummary }) {
  if (notes.length === 0) return null;
  return (
    <Popover width={320} position="bottom-start" withArrow shadow="md" trapFocus>
      <Popover.Target>
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          px={4}
          aria-label={`Notes on ${name}`}
        >
          Notes
        </Button>
      </Popover.Target>
      <Popover.Dropdown p="xs">
        <ul className={classes.skipped} tabIndex={0} aria-label="Notes on these images">
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      </Popover.Dropdown>
    </Popover>
  );
}

/** A small data set changes evaluation settings when it is chosen. The list says which. */
function Adjusted() {
  const adjusted = useStudio((state) => state.datasets.adjusted);
  if (adjusted.length === 0) return null;
  return (
    <Alert p="xs" mt="xs" color="blue" variant="light" icon={<IconInfoCircle />} title="Adjusted">
      <ul className={classes.plain}>
        {adjusted.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </Alert>
  );
}

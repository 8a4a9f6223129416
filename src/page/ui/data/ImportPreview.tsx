import { Checkbox, Select, TextInput } from "@mantine/core";
import type { ClassChanges, ImageReport } from "../../../common/protocol/datasets";
import type { Look } from "../../store/datasetsSlice";
import { Hint, Problem } from "../components/Notes";
import classes from "./data.module.css";

/** What the user decided before the import. */
export interface ImportChoices {
  /** Null takes what the source itself would. */
  readonly split: string | null;
  readonly orientation: "stored" | "exif";
  readonly classes: ClassChanges;
}

export const NO_CHOICES: ImportChoices = { split: null, orientation: "stored", classes: [] };

/** The split that stands for all of them. */
const EVERY_SPLIT = "all";
/** The form's own side, px. */
export const USUAL_SIDE = 64;
/** Classes that can be changed one by one; of more, the others come as they are. */
const MAX_ROWS = 200;

export interface ImportPreviewProps {
  readonly look: Look;
  readonly choices: ImportChoices;
  readonly onChoices: (choices: ImportChoices) => void;
}

/** The changes with one class changed: to its own name, it is no change any more. */
export function withClass(changes: ClassChanges, found: string, name: string | null): ClassChanges {
  const others = changes.filter(([other]) => other !== found);
  return name === found ? others : [...others, [found, name]];
}

/** What an import of the chosen files would give, before it starts: classes, what is left out and why, notes. */
export function ImportPreview({ look, choices, onChoices }: ImportPreviewProps) {
  switch (look.status) {
    case "looking":
      return (
        <Hint role="status">
          {look.looked === 0 ? "Looking what there is" : `Looking: ${look.looked} images`}
        </Hint>
      );
    case "failed":
      return (
        <Problem role="alert">
          {look.failure.message} {look.failure.hint}
        </Problem>
      );
    case "ready":
      return <Report report={look.report} choices={choices} onChoices={onChoices} />;
  }
}

type ReportProps = Omit<ImportPreviewProps, "look"> & { readonly report: ImageReport };

function Report({ report, choices, onChoices }: ReportProps) {
  const { images, classes: found, skippedCount, skipped, notes, splits, problem } = report;
  return (
    <section aria-label="What an import gives" className={classes.preview}>
      {problem && (
        <Problem role="alert">
          {problem.message} {problem.hint}
        </Problem>
      )}
      <Hint role="status">
        {`${images} images in ${found.length} ${found.length === 1 ? "class" : "classes"}`}
        {skippedCount > 0 && `, ${skippedCount} left out`}
      </Hint>
      {report.resolution < USUAL_SIDE && (
        <Hint>Half of them are smaller: a side of {report.resolution} px suits them.</Hint>
      )}
      {splits.length > 1 && (
        <Select
          size="xs"
          label="Split"
          allowDeselect={false}
          data={[
            ...splits.map(({ name, images: count }) => ({
              value: name,
              label: `${name} (${count})`,
            })),
            { value: EVERY_SPLIT, label: "all of them" },
          ]}
          value={choices.split ?? report.split}
          onChange={(split) => onChoices({ ...choices, split, classes: [] })}
        />
      )}
      <Checkbox
        size="xs"
        label="Turn images as their Exif metadata says"
        checked={choices.orientation === "exif"}
        onChange={(event) =>
          onChoices({ ...choices, orientation: event.currentTarget.checked ? "exif" : "stored" })
        }
      />
      <ClassTable found={found} choices={choices} onChoices={onChoices} />
      {notes.length > 0 && (
        <ul className={classes.skipped} aria-label="Notes on these images">
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      {skippedCount > 0 && (
        <ul className={classes.skipped} tabIndex={0} aria-label="Images left out">
          {skipped.map(({ name, reason }, i) => (
            <li key={i}>
              <strong>{name}</strong> {reason}
            </li>
          ))}
          {skippedCount > skipped.length && <li>and {skippedCount - skipped.length} more</li>}
        </ul>
      )}
    </section>
  );
}

/** Classes with their counts; each can be renamed (to another's name: joined with it) or left out. */
function ClassTable({
  found,
  choices,
  onChoices,
}: Omit<ReportProps, "report"> & { readonly found: ImageReport["classes"] }) {
  const changed = new Map(choices.classes);
  const change = (name: string, to: string | null) =>
    onChoices({ ...choices, classes: withClass(choices.classes, name, to) });
  return (
    <ul className={classes.classRows} tabIndex={0} aria-label="Classes to import">
      {found.slice(0, MAX_ROWS).map(({ name, count }) => {
        const to = changed.get(name);
        return (
          <li key={name}>
            <Checkbox
              size="xs"
              aria-label={`Import ${name}`}
              checked={to !== null}
              onChange={(event) => change(name, event.currentTarget.checked ? name : null)}
            />
            <TextInput
              size="xs"
              aria-label={`Name of ${name}`}
              maxLength={120}
              disabled={to === null}
              value={to ?? name}
              onChange={(event) => change(name, event.currentTarget.value)}
            />
            <small>{count}</small>
          </li>
        );
      })}
      {found.length > MAX_ROWS && <li>and {found.length - MAX_ROWS} more, as they are</li>}
    </ul>
  );
}

import { Button, SegmentedControl } from "@mantine/core";
import { IconFileZip, IconFolderOpen } from "@tabler/icons-react";
import { useEffect, useRef, useState, type RefObject } from "react";
import { useCommands } from "../commands";
import { useDropZone } from "../components/useDropZone";
import { Heading, Hint, Problem } from "../components/Notes";
import { useStudio } from "../useStudio";
import { FromHub } from "./FromHub";
import { ImportForm } from "./ImportForm";
import { ImportPreview, NO_CHOICES, USUAL_SIDE, type ImportChoices } from "./ImportPreview";
import { ImportProgress } from "./ImportProgress";
import {
  directoryPicker,
  droppedImages,
  pickedArchives,
  pickedFolder,
  type PickedImages,
} from "./pickImages";
import classes from "./data.module.css";

type Origin = "local" | "hub";

export function AddImages() {
  const [origin, setOrigin] = useState<Origin>("local");
  const running = useStudio((state) => state.datasets.job?.status === "running");
  return (
    <section className={classes.section} aria-label="Add images">
      <Heading>Add images</Heading>
      <ImportProgress />
      {!running && (
        <>
          <SegmentedControl<Origin>
            size="xs"
            fullWidth
            mt={8}
            aria-label="Where the images are"
            data={[
              { value: "local", label: "This computer" },
              { value: "hub", label: "Hugging Face" },
            ]}
            value={origin}
            onChange={setOrigin}
          />
          {origin === "local" ? <FromComputer /> : <FromHub />}
        </>
      )}
    </section>
  );
}

/** Images that are read and decoded before the import; those after them are counted by their place. */
const LOOK_AT = 400;

/** A folder or archives, picked or dropped; what an import would give is shown, and nothing stored before it is pressed. */
function FromComputer() {
  const { importImages, inspectImages, endInspection } = useCommands();
  const look = useStudio((state) => state.datasets.look);
  const [picked, setPicked] = useState<PickedImages | null>(null);
  const [choices, setChoices] = useState<ImportChoices>(NO_CHOICES);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => endInspection, [endInspection]); // the view is left
  const inspect = ({ source, name }: PickedImages, { split, orientation }: ImportChoices) =>
    inspectImages(source, {
      ...{ name, orientation, readAtMost: LOOK_AT },
      ...(split === null ? {} : { split }),
    });
  const take = (images: PickedImages | null) => {
    setPicked(images);
    setChoices(NO_CHOICES);
    setProblem(images ? null : "Nothing in it can be read as images.");
    if (images) inspect(images, NO_CHOICES);
  };
  const choose = (next: ImportChoices) => {
    setChoices(next);
    const again = next.split !== choices.split || next.orientation !== choices.orientation;
    if (picked && again) inspect(picked, next);
  };
  if (picked) {
    const { split, orientation, classes: changes } = choices;
    return (
      <ImportForm
        from={describe(picked)}
        name={picked.name}
        resolution={USUAL_SIDE}
        facts={[]}
        button="Import"
        blocked={null}
        onImport={(options) => {
          endInspection();
          importImages(picked.source, {
            ...options,
            ...(split === null ? {} : { split }),
            ...(orientation === "exif" ? { orientation } : {}),
            ...(changes.length > 0 ? { classes: changes } : {}),
          });
          setPicked(null);
        }}
        onCancel={() => {
          endInspection();
          setPicked(null);
        }}
      >
        {look && <ImportPreview look={look} choices={choices} onChoices={choose} />}
      </ImportForm>
    );
  }
  return (
    <>
      <DropZone onTake={take} onProblem={setProblem} />
      {problem !== null && <Problem role="alert">{problem}</Problem>}
    </>
  );
}

function describe({ source, name }: PickedImages): string {
  switch (source.kind) {
    case "files":
      return `${name}, ${source.files.length} files`;
    case "archives":
      return source.files.map((file) => file.name).join(", ");
    case "directory":
      return `Folder ${name}`;
    case "hub":
      return source.dataset.repo;
  }
}

const ignoreAbort = (thrown: unknown): string | null =>
  thrown instanceof DOMException && thrown.name === "AbortError"
    ? null
    : `The folder could not be opened: ${thrown instanceof Error ? thrown.message : String(thrown)}`;

function DropZone(props: {
  readonly onTake: (images: PickedImages | null) => void;
  readonly onProblem: (problem: string | null) => void;
}) {
  const { onTake, onProblem } = props;
  const folder = useRef<HTMLInputElement>(null);
  const archives = useRef<HTMLInputElement>(null);
  const fail = (thrown: unknown) => onProblem(ignoreAbort(thrown));
  const chooseFolder = () => {
    const pick = directoryPicker(window);
    if (!pick) return folder.current?.click();
    void pick({ id: "images", mode: "read" })
      .then((handle) => onTake({ source: { kind: "directory", handle }, name: handle.name }))
      .catch(fail);
  };
  const dropZone = useDropZone((dropped) => {
    void droppedImages(dropped).then(onTake).catch(fail);
  });
  return (
    <div className={classes.drop} {...dropZone}>
      <Button
        size="xs"
        variant="default"
        fullWidth
        leftSection={<IconFolderOpen size={15} />}
        onClick={chooseFolder}
      >
        Choose a folder
      </Button>
      <Button
        size="xs"
        variant="default"
        fullWidth
        leftSection={<IconFileZip size={15} />}
        onClick={() => archives.current?.click()}
      >
        Choose zip or parquet
      </Button>
      <Hint>
        Or drop them here. Subfolders are the classes, or a list beside the images (CSV, JSON,
        metadata.jsonl); folders such as train and val are splits. Images are cropped to squares as
        the reference does. Nothing leaves this machine.
      </Hint>
      <HiddenInput
        inputRef={folder}
        label="Folder of images"
        directory
        onFiles={(files) => onTake(pickedFolder(files))}
      />
      <HiddenInput
        inputRef={archives}
        label="zip or parquet files"
        accept=".zip,.parquet"
        onFiles={(files) => onTake(pickedArchives(files))}
      />
    </div>
  );
}

function HiddenInput(props: {
  readonly inputRef: RefObject<HTMLInputElement | null>;
  readonly label: string;
  readonly directory?: boolean;
  readonly accept?: string;
  readonly onFiles: (files: readonly File[]) => void;
}) {
  const { inputRef, label, directory = false, accept, onFiles } = props;
  return (
    <input
      ref={(element) => {
        inputRef.current = element;
        if (element) element.webkitdirectory = directory;
      }}
      type="file"
      multiple
      hidden
      aria-label={label}
      accept={accept}
      onChange={(event) => {
        const files = [...(event.currentTarget.files ?? [])];
        event.currentTarget.value = ""; // the same choice again is a choice
        if (files.length > 0) onFiles(files);
      }}
    />
  );
}

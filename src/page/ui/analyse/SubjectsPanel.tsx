import { Button, Checkbox, CloseButton } from "@mantine/core";
import { IconFileUpload } from "@tabler/icons-react";
import { useMemo, useRef } from "react";
import type { OpenedCheckpoint, Subject } from "../../../common/protocol/analysis";
import { subjectKey, type AnalysedRun } from "../../store/analysisSlice";
import { useCommands } from "../commands";
import { useDropZone } from "../components/useDropZone";
import { Heading, Hint, Problem } from "../components/Notes";
import { useStudio } from "../useStudio";
import { namesOf, sizeText } from "./subjects";
import classes from "./analyse.module.css";

/** What is analysed: stored checkpoints of runs, and files. */
export function SubjectsPanel() {
  const runs = useStudio((state) => state.analysis.runs);
  const files = useStudio((state) => state.analysis.files);
  const names = useMemo(() => namesOf(runs), [runs]);
  const kept = runs?.filter(({ checkpointSteps }) => checkpointSteps.length > 0);
  return (
    <section aria-label="What is analysed">
      <Heading>What is analysed</Heading>
      {kept?.length === 0 && files.length === 0 && (
        <Hint>
          No run has a checkpoint yet. Train one, or open a checkpoint file the studio saved.
        </Hint>
      )}
      <ul className={classes.plain}>
        {kept?.map((run) => (
          <RunRow key={run.id} run={run} name={names.get(run.id) ?? run.name} />
        ))}
        {files.map((file) => (
          <FileRow key={file.fileId} file={file} />
        ))}
      </ul>
      <OpenFile />
      <Refused />
    </section>
  );
}

function useChosen(subject: Subject): readonly [boolean, () => void] {
  const key = subjectKey(subject);
  const chosen = useStudio(({ analysis }) =>
    analysis.subjects.some((other) => subjectKey(other) === key),
  );
  const toggle = useStudio((state) => state.toggleSubject);
  return [chosen, () => toggle(subject)];
}

/** Steps newest first: the last one is what is mostly meant. */
function RunRow({ run, name }: { readonly run: AnalysedRun; readonly name: string }) {
  return (
    <li className={classes.subject}>
      <strong title={name}>{name}</strong>
      <small>{sizeText(run.experiment)}</small>
      <div className={classes.steps} role="group" aria-label={`Steps of ${name}`}>
        {[...run.checkpointSteps].reverse().map((step) => (
          <StepBox key={step} runId={run.id} step={step} />
        ))}
      </div>
    </li>
  );
}

function StepBox({ runId, step }: { readonly runId: string; readonly step: number }) {
  const [chosen, toggle] = useChosen({ kind: "run", runId, step });
  return <Checkbox size="xs" label={`step ${step}`} checked={chosen} onChange={toggle} />;
}

function FileRow({ file }: { readonly file: OpenedCheckpoint }) {
  const { closeCheckpoint } = useCommands();
  const [chosen, toggle] = useChosen({ kind: "file", fileId: file.fileId });
  return (
    <li className={classes.subject}>
      <div className={classes.head}>
        <strong title={file.name}>{file.name}</strong>
        <CloseButton
          size="xs"
          aria-label={`Close ${file.name}`}
          onClick={() => closeCheckpoint(file.fileId)}
        />
      </div>
      <small>
        {sizeText(file.experiment)} · file {file.fileId.slice(0, 8)}
      </small>
      <div className={classes.steps} role="group" aria-label={`Steps of ${file.name}`}>
        <Checkbox size="xs" label={`step ${file.step}`} checked={chosen} onChange={toggle} />
      </div>
    </li>
  );
}

function OpenFile() {
  const { openCheckpoints } = useCommands();
  const input = useRef<HTMLInputElement>(null);
  const dropZone = useDropZone(({ files }) => openCheckpoints([...files]));
  return (
    <div className={classes.drop} {...dropZone}>
      <Button
        size="xs"
        variant="default"
        fullWidth
        leftSection={<IconFileUpload size={15} />}
        onClick={() => input.current?.click()}
      >
        Open a checkpoint file
      </Button>
      <Hint>
        Safetensors saved by the studio, or a published SiT’s or DiT’s own weights, looked at on the
        data and autoencoder that are set; or drop it here.
      </Hint>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept=".safetensors"
        aria-label="Checkpoint files"
        onChange={(event) => {
          const picked = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = ""; // the same choice again is a choice
          openCheckpoints(picked);
        }}
      />
    </div>
  );
}

function Refused() {
  const refused = useStudio((state) => state.analysis.refused);
  return refused.map(({ name, failure }) => (
    <Problem key={name} role="alert" aria-label={`${name} was not opened`}>
      <strong>{name}</strong>: {failure.message} {failure.hint}
    </Problem>
  ));
}

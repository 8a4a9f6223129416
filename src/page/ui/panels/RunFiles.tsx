import { lastImagePart, liveChanges } from "../../../common/config/imageEntries";
import { Button, FileButton, Group, Popover, Textarea } from "@mantine/core";
import { IconFileExport, IconFolderOpen, IconTerminal2 } from "@tabler/icons-react";
import { useState } from "react";
import { selectActive } from "../../store/selectors";
import { Hint } from "../components/Notes";
import { timelineText } from "../explain/names";
import { useCommands } from "../commands";
import { useStudio } from "../useStudio";
import classes from "./panels.module.css";

/** Experiments as files: opened, saved, or dropped on the panel. Files of results are opened here as well. */
export function RunFiles() {
  const { openFile, saveRunFile } = useCommands();
  return (
    <Group gap={4} mt={6}>
      <FileButton
        accept="application/json,.json,application/zip,.zip"
        onChange={(file) => {
          if (file) openFile(file);
        }}
      >
        {(props) => (
          <Button
            {...props}
            size="compact-xs"
            variant="subtle"
            color="gray"
            leftSection={<IconFolderOpen size={13} />}
          >
            Open a file
          </Button>
        )}
      </FileButton>
      <Button
        size="compact-xs"
        variant="subtle"
        color="gray"
        leftSection={<IconFileExport size={13} />}
        onClick={saveRunFile}
      >
        Save as a file
      </Button>
      <PasteCommand />
    </Group>
  );
}

/** A command of the reference's trainer, to be read as settings. */
function PasteCommand() {
  const { openCommand } = useCommands();
  const [opened, setOpened] = useState(false);
  const [text, setText] = useState("");
  const read = () => {
    openCommand(text);
    setOpened(false);
  };
  return (
    <Popover
      opened={opened}
      onChange={setOpened}
      width={340}
      position="bottom-start"
      withArrow
      trapFocus
    >
      <Popover.Target>
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          leftSection={<IconTerminal2 size={13} />}
          onClick={() => setOpened(!opened)}
        >
          Paste a command
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Textarea
          label="Command of the reference’s trainer"
          description="Its arguments become settings; nothing runs before you say so."
          placeholder="accelerate launch train.py --model=SiT-B/2 --enc-type=dinov2-vit-b ..."
          rows={4}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button size="xs" mt={8} disabled={text.trim() === ""} onClick={read}>
          Read it
        </Button>
      </Popover.Dropdown>
    </Popover>
  );
}

/** Live changes of a link or a file that was edited first: the next run makes them, unless they are removed. */
export function Scheduled() {
  const scheduled = useStudio((state) => state.experiment.scheduled);
  const clear = useStudio((state) => state.clearScheduled);
  const active = useStudio(selectActive);
  const changes = liveChanges(scheduled);
  if (scheduled.length === 0) return null;
  return (
    <section className={classes.scheduled} aria-label="Scheduled changes">
      <Hint>
        {changes.length > 0 && (
          <>
            The next run makes{" "}
            {changes.length === 1 ? "one live change" : `${changes.length} live changes`} by itself:{" "}
            {timelineText(changes)}.{" "}
          </>
        )}
        {lastImagePart(scheduled) && "Its images come in at the steps of the run it repeats."}
      </Hint>
      {!active && (
        <Button size="compact-xs" variant="default" onClick={clear}>
          Remove them
        </Button>
      )}
    </section>
  );
}

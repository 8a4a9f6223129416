import "@mantine/core/styles/ModalBase.css";
import "@mantine/core/styles/Modal.css";
import { Alert, Badge, Button, Checkbox, Group, Modal, Select } from "@mantine/core";
import { IconAlertTriangle, IconFileUpload } from "@tabler/icons-react";
import { useRef, type DragEvent } from "react";
import {
  chosenFile,
  downloadable,
  isByHand,
  missingWeightBytes,
  missingWeightsBytes,
  weightsSecondsLeft,
  type WeightsAsk,
  type WeightsItem,
} from "../../store/weightsSlice";
import { useCommands } from "../commands";
import { Bar } from "../components/Bar";
import { Hint, Problem } from "../components/Notes";
import { SpokenShare } from "../components/SpokenShare";
import { formatBytes, formatDuration } from "../explain/format";
import { OFFLINE, useOnline } from "../useOnline";
import { useStudio } from "../useStudio";
import classes from "./weights.module.css";

/** What has to be downloaded before the thing asked for goes on. Closing it during a download lets that go on. */
export function WeightsDialog({ opened }: { readonly opened: boolean }) {
  const ask = useStudio((state) => state.weights.ask);
  const showWeights = useStudio((state) => state.showWeights);
  const { declineWeights } = useCommands();
  return (
    <Modal
      opened={opened}
      onClose={() => {
        if (ask?.stage === "fetching") showWeights(false);
        else declineWeights();
      }}
      title={ask?.stage === "fetching" ? "Downloading weights" : "Weights to download"}
      size={720}
      closeButtonProps={{ "aria-label": "Close weights" }}
    >
      {ask && <WeightsBody ask={ask} />}
    </Modal>
  );
}

export function WeightsBody({ ask }: { readonly ask: WeightsAsk }) {
  const { purpose, items, failure, stage } = ask;
  return (
    <>
      <p className={classes.lead}>
        To {purpose}, the weights of{" "}
        {items.length === 1 ? "one network" : `${items.length} networks`} are needed and not here.
        {items.every(isByHand)
          ? " They are read from a file of yours once and kept in this browser."
          : " They are fetched from Hugging Face once and kept in this browser."}
      </p>
      {failure && (
        <Alert
          p="sm"
          mb="sm"
          color="red"
          variant="light"
          icon={<IconAlertTriangle />}
          title={`The download stopped: ${failure.code}`}
        >
          <div>{failure.message}</div>
          <div>{failure.hint}</div>
        </Alert>
      )}
      <ul className={classes.items}>
        {items.map((item, index) => (
          <Item key={item.needed.label} item={item} index={index} fetching={stage === "fetching"} />
        ))}
      </ul>
      {stage === "fetching" ? <Progress ask={ask} /> : <Terms ask={ask} />}
      <Buttons ask={ask} />
    </>
  );
}

function Item(props: {
  readonly item: WeightsItem;
  readonly index: number;
  readonly fetching: boolean;
}) {
  const { item, index, fetching } = props;
  const { importWeights } = useCommands();
  const file = chosenFile(item);
  const waits = item.status === "missing" && !fetching;
  const take = (picked: File | undefined) => {
    if (picked && waits) importWeights(index, picked);
  };
  const dropped = (event: DragEvent) => {
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  };
  return (
    <li
      className={classes.item}
      aria-label={item.needed.label}
      onDragOver={(event) => event.preventDefault()}
      onDrop={dropped}
    >
      <div className={classes.title}>
        <strong>{item.needed.label}</strong>
        <LicenceMark item={item} />
        <span className={classes.bytes}>{stateText(item)}</span>
      </div>
      <div className={classes.source}>
        <Source item={item} index={index} disabled={!waits} />
        <span>{file.file}</span>
        {waits && <FileInstead label={item.needed.label} only={isByHand(item)} onPick={take} />}
      </div>
      {item.status === "missing" && file.byHand !== undefined && <ByHand recipe={file.byHand} />}
      {item.status !== "missing" && item.status !== "here" && (
        <Bar
          share={item.allBytes > 0 ? item.doneBytes / item.allBytes : 0}
          label={`Download of ${item.needed.label}`}
          mt={6}
        />
      )}
      {item.warning && <Hint>{item.warning.message}</Hint>}
    </li>
  );
}

function ByHand({ recipe }: { readonly recipe: string }) {
  return (
    <>
      <Hint>
        No repository of the hub is known to hold this file. Three lines of Python make it; then
        choose it here.
      </Hint>
      <pre className={classes.recipe}>{recipe}</pre>
    </>
  );
}

function LicenceMark({ item }: { readonly item: WeightsItem }) {
  const { licence } = chosenFile(item);
  return licence.nonCommercial ? (
    <Badge size="sm" variant="light" color="yellow" tt="none">
      {licence.name}: no commercial use
    </Badge>
  ) : (
    <Badge size="sm" variant="default" tt="none" fw={500}>
      {licence.name}
    </Badge>
  );
}

function stateText(item: WeightsItem): string {
  switch (item.status) {
    case "here":
      return "here";
    case "checking":
      return "checking…";
    case "fetching":
      return `${formatBytes(item.doneBytes)} of ${formatBytes(item.allBytes)}`;
    case "missing": {
      const all = item.allBytes > 0 ? item.allBytes : chosenFile(item).bytes;
      const here = all - missingWeightBytes(item);
      return here > 0 ? `${formatBytes(all)}, ${formatBytes(here)} here already` : formatBytes(all);
    }
  }
}

/** The repository; where several hold the same weights, one may choose. */
function Source(props: {
  readonly item: WeightsItem;
  readonly index: number;
  readonly disabled: boolean;
}) {
  const { item, index, disabled } = props;
  const choose = useStudio((state) => state.chooseWeightsFile);
  const { files, label } = item.needed;
  if (files.length < 2 || disabled) return <span>{chosenFile(item).repo}</span>;
  return (
    <Select
      size="xs"
      className={classes.repo ?? ""}
      aria-label={`Repository for ${label}`}
      data={files.map(({ repo }, position) => ({ value: String(position), label: repo }))}
      value={String(item.choice)}
      onChange={(value) => choose(index, Number(value ?? 0))}
      allowDeselect={false}
    />
  );
}

function FileInstead(props: {
  readonly label: string;
  /** There is nothing to download. */
  readonly only: boolean;
  readonly onPick: (file: File | undefined) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button
        size="compact-xs"
        variant="subtle"
        color="gray"
        ml="auto"
        leftSection={<IconFileUpload size={14} />}
        aria-label={`Use a file for ${props.label}`}
        title="A safetensors file; it can be dropped here too"
        onClick={() => input.current?.click()}
      >
        {props.only ? "Choose the file" : "Use a file instead"}
      </Button>
      <input
        ref={input}
        type="file"
        accept=".safetensors"
        hidden
        aria-label={`safetensors file for ${props.label}`}
        onChange={(event) => props.onPick(event.currentTarget.files?.[0])}
      />
    </>
  );
}

function Progress({ ask }: { readonly ask: WeightsAsk }) {
  const speed = ask.items.find(({ status }) => status === "fetching")?.bytesPerSecond ?? 0;
  const left = weightsSecondsLeft(ask);
  return (
    <p className={classes.progress} aria-label="Download">
      {formatBytes(missingWeightsBytes(ask))} to go
      {speed > 0 ? ` · ${formatBytes(speed)}/s` : " · waiting for the hub"}
      {left !== null && ` · ${formatDuration(left)} left`}
      <SpokenShare share={downloadedShare(ask)} what="downloaded" />
    </p>
  );
}

const downloadedShare = ({ items }: WeightsAsk): number => {
  const all = items.reduce((sum, item) => sum + (item.allBytes || chosenFile(item).bytes), 0);
  const missing = items.reduce((sum, item) => sum + missingWeightBytes(item), 0);
  return all > 0 ? 1 - missing / all : 0;
};

/** What is agreed to: precision, and the room it takes. */
function Terms({ ask }: { readonly ask: WeightsAsk }) {
  const setFloat16 = useStudio((state) => state.setFloat16);
  const storage = useStudio((state) => state.data.storage);
  const quota = storage?.quotaBytes ?? null;
  const free = storage && quota !== null ? quota - storage.usedBytes : null;
  const tight = free !== null && free < missingWeightsBytes(ask);
  return (
    <>
      <Checkbox
        size="sm"
        mt="sm"
        checked={ask.float16}
        onChange={(event) => setFloat16(event.currentTarget.checked)}
        label="Store as float16"
        description="Half the space; the rounding error is shown after the download."
      />
      {free !== null && <Space bytes={Math.max(0, free)} tight={tight} />}
    </>
  );
}

function Space({ bytes, tight }: { readonly bytes: number; readonly tight: boolean }) {
  const left = `${formatBytes(bytes)} of browser storage left`;
  return tight ? (
    <Problem>{left}: not enough. Delete caches or runs first.</Problem>
  ) : (
    <Hint>{left}</Hint>
  );
}

/** One pair of buttons through all stages, so that the keyboard's place is not lost when the stage changes. */
function Buttons({ ask }: { readonly ask: WeightsAsk }) {
  const { confirmWeights, declineWeights, interruptWeights } = useCommands();
  const showWeights = useStudio((state) => state.showWeights);
  const online = useOnline();
  const fetching = ask.stage === "fetching";
  const wanted = downloadable(ask);
  const bytes = formatBytes(wanted.reduce((sum, item) => sum + missingWeightBytes(item), 0));
  const waitsForFile = wanted.length === 0 && !fetching;
  return (
    <Group justify="flex-end" mt="lg">
      {!online && !waitsForFile && <Hint component="span">{OFFLINE}</Hint>}
      <Button
        variant="default"
        title={fetching ? "What is here is kept" : undefined}
        onClick={fetching ? interruptWeights : declineWeights}
      >
        Cancel
      </Button>
      <Button
        data-autofocus
        disabled={waitsForFile || (!online && !fetching)}
        onClick={fetching ? () => showWeights(false) : confirmWeights}
      >
        {fetching
          ? "Go on in the background"
          : waitsForFile
            ? "Choose the file first"
            : ask.failure
              ? `Try again, ${bytes}`
              : `Download ${bytes}`}
      </Button>
    </Group>
  );
}

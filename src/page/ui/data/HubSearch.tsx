import { Button, Group, TextInput } from "@mantine/core";
import { useState } from "react";
import type { HubDatasetOffer } from "../../../common/protocol/datasets";
import type { HubLookup } from "../../store/datasetsSlice";
import { useCommands } from "../commands";
import { Hint, Problem } from "../components/Notes";
import { formatBytes } from "../explain/format";
import { OFFLINE, useOnline } from "../useOnline";
import { useStudio } from "../useStudio";
import classes from "./data.module.css";

const REPO = /^\s*([\w.-]+\/[\w.-]+)(?:@([\w./-]+))?\s*$/;

/** "owner/name" or "owner/name@revision"; null for anything else. */
export function readRepo(text: string): { repo: string; revision: string } | null {
  const [, repo, revision = "main"] = REPO.exec(text) ?? [];
  return repo === undefined ? null : { repo, revision };
}

/** Asks the hub for a data set by name and lists what it holds. */
export function HubSearch({ onChoose }: { readonly onChoose: (offer: HubDatasetOffer) => void }) {
  const [text, setText] = useState("");
  const [refused, setRefused] = useState(false);
  const lookup = useStudio((state) => state.datasets.lookup);
  const { lookUpDataset } = useCommands();
  const online = useOnline();
  const look = () => {
    const asked = readRepo(text);
    setRefused(asked === null);
    if (asked) lookUpDataset(asked.repo, asked.revision);
  };
  return (
    <form
      className={classes.form}
      aria-label="Data set of the hub"
      onSubmit={(event) => {
        event.preventDefault();
        look();
      }}
    >
      <Group gap={6} align="end" wrap="nowrap">
        <TextInput
          size="xs"
          flex={1}
          label="Any data set"
          placeholder="owner/name or owner/name@revision"
          value={text}
          error={refused}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button
          size="xs"
          variant="default"
          type="submit"
          disabled={!online || text.trim() === ""}
          loading={lookup?.status === "asking"}
        >
          Look up
        </Button>
      </Group>
      {refused && (
        <Problem role="alert">A data set is named owner/name, for example uoft-cs/cifar10.</Problem>
      )}
      <Hint>{online ? "Asks the hub for sizes only; nothing is downloaded." : OFFLINE}</Hint>
      {lookup && <Offers lookup={lookup} onChoose={onChoose} />}
    </form>
  );
}

function Offers(props: {
  readonly lookup: HubLookup;
  readonly onChoose: (offer: HubDatasetOffer) => void;
}) {
  const { lookup, onChoose } = props;
  const { status, offers, failure, repo } = lookup;
  if (status === "asking") return null;
  if (failure) {
    return (
      <Problem role="alert">
        {failure.message} {failure.hint}
      </Problem>
    );
  }
  if (offers.length === 0) {
    return <Hint role="status">{repo} has no parquet files the hub lists.</Hint>;
  }
  const licence = offers[0]?.licence ?? null;
  return (
    <div role="status">
      <Hint>
        {repo} · {licence === null ? "licence not stated" : `licence ${licence}`}
      </Hint>
      <ul className={classes.offers} aria-label={`What ${repo} holds`}>
        {offers.map((offer) => (
          <Offer
            key={`${offer.dataset.config}/${offer.dataset.split}`}
            offer={offer}
            onChoose={onChoose}
          />
        ))}
      </ul>
    </div>
  );
}

/** One configuration and split, with its size. */
function Offer(props: {
  readonly offer: HubDatasetOffer;
  readonly onChoose: (offer: HubDatasetOffer) => void;
}) {
  const { offer, onChoose } = props;
  const { config, split } = offer.dataset;
  const files = offer.files.length;
  return (
    <li className={classes.offer}>
      <span>
        {config} · {split}
        <small>
          {offer.rows !== null && `${offer.rows} rows · `}
          {files} {files === 1 ? "file" : "files"} · {formatBytes(offer.bytes)}
        </small>
      </span>
      <Button
        size="compact-xs"
        variant="light"
        aria-label={`Choose ${config} ${split}`}
        onClick={() => onChoose(offer)}
      >
        Choose
      </Button>
    </li>
  );
}

import { UnstyledButton } from "@mantine/core";
import { useState } from "react";
import { DATASET_PRESETS, type DatasetPreset } from "../../../common/catalogue/datasets";
import type { HubDatasetOffer, HubDatasetRef } from "../../../common/protocol/datasets";

import { useCommands } from "../commands";
import { formatBytes } from "../explain/format";
import { licenceText } from "../explain/weights";
import { OFFLINE, useOnline } from "../useOnline";
import { HubSearch } from "./HubSearch";
import { ImportForm } from "./ImportForm";
import classes from "./data.module.css";

/** A data set of the hub about to be imported, with what is known of it. */
interface HubChoice {
  readonly dataset: HubDatasetRef;
  readonly name: string;
  readonly resolution: number;
  readonly bytes: number;
  readonly images: number | null;
  readonly licence: string | null;
}

const ofPreset = (preset: DatasetPreset): HubChoice => {
  const { repo, revision, config, split, label, resolution, bytes, images, licence } = preset;
  return {
    dataset: { repo, revision, config, split },
    name: label,
    resolution,
    bytes,
    images,
    licence: licenceText(licence),
  };
};

const DEFAULT_SIDE = 64;

const ofOffer = ({ dataset, bytes, rows, licence }: HubDatasetOffer): HubChoice => ({
  dataset,
  name: dataset.repo.split("/")[1] ?? dataset.repo,
  resolution: DEFAULT_SIDE,
  bytes,
  images: rows,
  licence,
});

/** Data sets of the hub: some by name, any by "owner/name". Size and licence are shown before the first byte. */
export function FromHub() {
  const [choice, setChoice] = useState<HubChoice | null>(null);
  const { importImages } = useCommands();
  const online = useOnline();
  if (choice) {
    const { dataset, name, resolution, bytes } = choice;
    return (
      <ImportForm
        from={`${dataset.repo} · ${dataset.config} · ${dataset.split}`}
        name={name}
        resolution={resolution}
        facts={factsOf(choice)}
        button={`Download ${formatBytes(bytes)} and import`}
        blocked={online ? null : OFFLINE}
        onImport={(options) => {
          importImages({ kind: "hub", dataset }, options);
          setChoice(null);
        }}
        onCancel={() => setChoice(null)}
      />
    );
  }
  return (
    <>
      <Presets onChoose={(preset) => setChoice(ofPreset(preset))} />
      <HubSearch onChoose={(offer) => setChoice(ofOffer(offer))} />
    </>
  );
}

const factsOf = ({ bytes, images, licence, dataset }: HubChoice) =>
  [
    ["Download", formatBytes(bytes)],
    ["Images", images === null ? "not said by the hub" : String(images)],
    ["Licence", licence ?? "not stated: see the data set's page"],
    ["Revision", dataset.revision],
  ] as const;

function Presets({ onChoose }: { readonly onChoose: (preset: DatasetPreset) => void }) {
  return (
    <ul className={classes.presets} aria-label="Known data sets">
      {DATASET_PRESETS.map((preset) => (
        <li key={preset.id}>
          <UnstyledButton className={classes.preset ?? ""} onClick={() => onChoose(preset)}>
            <span>{preset.label}</span>
            <small>
              {preset.images} images · {preset.resolution} px · {formatBytes(preset.bytes)} ·
              licence: {licenceText(preset.licence)}
            </small>
            <small>{preset.terms}</small>
          </UnstyledButton>
        </li>
      ))}
    </ul>
  );
}

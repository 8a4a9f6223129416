import { Button, Checkbox, SegmentedControl } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { ENCODER_IDS, encoderRow } from "../../../common/catalogue/encoders";
import type { EncoderId } from "../../../common/config/experiment";
import { gridSide } from "../../../common/config/sizes";
import type { WeightsNeeded } from "../../../common/protocol/weights";
import { useCommands } from "../commands";
import { Heading, Hint } from "../components/Notes";
import { formatBytes } from "../explain/format";
import { OFFLINE, useOnline } from "../useOnline";
import { useStudio } from "../useStudio";
import { MapsTable } from "./MapsTable";
import classes from "./data.module.css";

export interface EncoderMapsProps {
  readonly encoders: readonly EncoderId[];
  readonly onEncoders: (encoders: readonly EncoderId[]) => void;
}

const GRIDS = [8, 16, 32] as const;

/** What encoders see in the chosen images: their tokens as colours, side by side. */
export function EncoderMaps({ encoders, onEncoders }: EncoderMapsProps) {
  const { askNeeds, mapFeatures } = useCommands();
  const needs = useStudio((state) => state.preview.needs);
  const selected = useStudio((state) => state.preview.selected.length);
  const running = useStudio((state) =>
    state.preview.jobs.some(({ status }) => status === "waiting" || status === "running"),
  );
  const ofModel = useStudio((state) => gridSide(state.experiment.value));
  const grids = [...new Set(Number.isInteger(ofModel) ? [ofModel, ...GRIDS] : GRIDS)].sort(
    (a, b) => a - b,
  );
  const [chosenGrid, setGrid] = useState<number | null>(null);
  const grid = chosenGrid ?? (Number.isInteger(ofModel) ? ofModel : GRIDS[1]);
  useEffect(() => askNeeds(encoders), [askNeeds, encoders, needs]);
  const known = encoders.every((encoder) => needs[encoder]);
  const ready = encoders.filter((encoder) => needs[encoder]?.length === 0);
  return (
    <section className={classes.card} aria-label="What encoders see">
      <div className={classes.toolbar}>
        <Heading>What encoders see</Heading>
        <span className={classes.spacer} />
        <span className={classes.faint}>Tokens</span>
        <SegmentedControl
          size="xs"
          aria-label="Token grid"
          data={grids.map((side) => ({ value: String(side), label: `${side} × ${side}` }))}
          value={String(grid)}
          onChange={(value) => setGrid(Number(value))}
        />
        <Button
          size="xs"
          disabled={selected === 0 || !known || ready.length === 0}
          loading={running}
          onClick={() => mapFeatures(ready, grid)}
        >
          Show what they see
        </Button>
      </div>
      <EncoderChoice encoders={encoders} onEncoders={onEncoders} />
      <ul className={classes.plain}>
        {encoders.map((encoder) => (
          <Missing key={encoder} encoder={encoder} needed={needs[encoder] ?? []} />
        ))}
      </ul>
      {selected === 0 && (
        <Hint>Choose up to sixteen images above: click them, or use arrows and Space.</Hint>
      )}
      <MapsTable />
    </section>
  );
}

function EncoderChoice({ encoders, onEncoders }: EncoderMapsProps) {
  return (
    <div className={classes.encoders} role="group" aria-label="Encoders to compare">
      {ENCODER_IDS.map((encoder) => (
        <Checkbox
          key={encoder}
          size="xs"
          label={encoderRow(encoder).label}
          checked={encoders.includes(encoder)}
          onChange={(event) => {
            const on = event.currentTarget.checked;
            onEncoders(
              ENCODER_IDS.filter((other) => (other === encoder ? on : encoders.includes(other))),
            );
          }}
        />
      ))}
    </div>
  );
}

/** Weights an encoder lacks, with size and licence, and the way to have them. */
function Missing(props: {
  readonly encoder: EncoderId;
  readonly needed: readonly WeightsNeeded[];
}) {
  const { encoder, needed } = props;
  const { fetchWeights } = useCommands();
  const online = useOnline();
  const [file] = needed[0]?.files ?? [];
  if (!file) return null;
  const name = encoderRow(encoder).label;
  return (
    <li className={classes.missing}>
      <span>
        <strong>{name}</strong>: its weights are not here. {formatBytes(file.bytes)} ·{" "}
        {file.licence.name}
        {file.licence.nonCommercial && ", no commercial use"}
        {!online && ` · ${OFFLINE}`}
      </span>
      <Button
        size="compact-xs"
        variant="light"
        disabled={!online}
        leftSection={<IconDownload size={13} />}
        aria-label={`Download weights of ${name}`}
        onClick={() => fetchWeights(encoder)}
      >
        Download…
      </Button>
    </li>
  );
}

import { Button, Group, NumberInput, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import type { ImportOptions } from "../../../common/protocol/datasets";
import { Hint } from "../components/Notes";
import classes from "./data.module.css";

const SIDE = { min: 8, max: 1024, step: 8 } as const;

export interface ImportFormProps {
  readonly from: string;
  readonly name: string;
  readonly resolution: number;
  /** What is known before anything is fetched: size, rows, licence. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly button: string;
  /** Why it cannot start now, or null. */
  readonly blocked: string | null;
  readonly onImport: (options: ImportOptions) => void;
  readonly onCancel: () => void;
  /** What an import would give, where that is looked at beforehand. */
  readonly children?: ReactNode;
}

/** Whether squares of this side fit every patch and autoencoder. */
export const isSide = (side: unknown): side is number =>
  typeof side === "number" &&
  Number.isInteger(side / SIDE.step) &&
  side >= SIDE.min &&
  side <= SIDE.max;

/** The last step before an import: what comes, at which side, how much of it. */
export function ImportForm(props: ImportFormProps) {
  const { from, facts, button, blocked, onImport, onCancel } = props;
  const [name, setName] = useState(props.name);
  const [side, setSide] = useState<number | string>(props.resolution);
  const [limit, setLimit] = useState<number | string>("");
  const sideError = isSide(side) ? null : "A multiple of 8 from 8 to 1024.";
  const start = () => {
    if (!isSide(side)) return;
    const most = typeof limit === "number" && limit > 0 ? { limit } : {};
    onImport({ name: name.trim() === "" ? props.name : name.trim(), resolution: side, ...most });
  };
  return (
    <form
      className={classes.form}
      aria-label="Import"
      onSubmit={(event) => {
        event.preventDefault();
        start();
      }}
    >
      <p className={classes.from}>{from}</p>
      {facts.length > 0 && (
        <dl className={classes.factList}>
          {facts.map(([fact, value]) => (
            <div key={fact}>
              <dt>{fact}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {props.children}
      <TextInput
        size="xs"
        label="Name"
        maxLength={80}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Group gap={8} grow align="start">
        <NumberInput
          size="xs"
          label="Side, px"
          data-autofocus
          value={side}
          onChange={setSide}
          {...SIDE}
          clampBehavior="none"
          error={sideError}
        />
        <NumberInput
          size="xs"
          label="At most, images"
          placeholder="all"
          value={limit}
          onChange={setLimit}
          min={2}
          allowDecimal={false}
          hideControls
        />
      </Group>
      {blocked !== null && <Hint>{blocked}</Hint>}
      <Group gap={8} justify="flex-end" mt={4}>
        <Button size="xs" variant="default" onClick={onCancel}>
          Cancel
        </Button>
        <Button size="xs" type="submit" disabled={blocked !== null || sideError !== null}>
          {button}
        </Button>
      </Group>
    </form>
  );
}

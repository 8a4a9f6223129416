import { Checkbox, Group } from "@mantine/core";
import type { EncoderRow } from "../../catalogue/encoderRow";
import { ENCODER_ROWS, type EncoderId } from "../../catalogue/encoders";
import type { FieldState } from "./useField";
import classes from "./fields.module.css";

const isPublished = ({ weights }: EncoderRow): boolean => weights.kind === "hub";
const BUILT_IN = ENCODER_ROWS.filter((row) => !isPublished(row));
const PUBLISHED = ENCODER_ROWS.filter(isPublished);

/** The built-in encoders, and under one line, open while one of them is chosen, those with weights on the hub. */
export function EncodersField(props: { readonly id: string; readonly state: FieldState }) {
  const { id, state } = props;
  const value = Array.isArray(state.value) ? state.value : [];
  const isChosen = (row: EncoderRow) => value.includes(row.id);
  const chosen = PUBLISHED.filter(isChosen);
  const toggle = (encoder: EncoderId, on: boolean) =>
    state.set(
      ENCODER_ROWS.filter((row) => (row.id === encoder ? on : isChosen(row))).map((row) => row.id),
    );
  const box = (row: EncoderRow<EncoderId>) => (
    <Checkbox
      key={row.id}
      size="xs"
      w="100%"
      label={row.label}
      checked={isChosen(row)}
      disabled={state.locked}
      onChange={(event) => toggle(row.id, event.currentTarget.checked)}
    />
  );
  return (
    <Group className={classes.checks ?? ""} role="group" aria-labelledby={`${id}-label`} id={id}>
      {BUILT_IN.map(box)}
      <details className={classes.more} open={chosen.length > 0 || undefined}>
        <summary>
          Published encoders
          {chosen.length > 0 && `: ${chosen.map(({ short }) => short).join(", ")}`}
        </summary>
        <div className={classes.checks}>{PUBLISHED.map(box)}</div>
      </details>
    </Group>
  );
}

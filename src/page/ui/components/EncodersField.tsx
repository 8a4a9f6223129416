import { Checkbox, Group } from "@mantine/core";
import type { EncoderRow } from "../../../common/catalogue/encoderRow";
import { ENCODER_ROWS, type EncoderId } from "../../../common/catalogue/encoders";
import type { FieldState } from "./useField";
import classes from "./fields.module.css";

const isPublished = ({ weights }: EncoderRow): boolean => weights.kind === "hub";
const BUILT_IN = ENCODER_ROWS.filter((row) => !isPublished(row));
const PUBLISHED = ENCODER_ROWS.filter(isPublished);

/** The setting of the edited experiment. */
export function EncodersField(props: { readonly id: string; readonly state: FieldState }) {
  const { id, state } = props;
  return (
    <EncoderChecks
      id={id}
      chosen={Array.isArray(state.value) ? state.value : []}
      disabled={state.locked}
      onChange={state.set}
    />
  );
}

/**
 * The built-in encoders, and under one line, open while one of them is chosen, those with weights on the hub.
 * Labelled by the element `${id}-label`.
 */
export function EncoderChecks(props: {
  readonly id: string;
  readonly chosen: readonly string[];
  readonly disabled: boolean;
  readonly onChange: (chosen: EncoderId[]) => void;
}) {
  const { id, disabled, onChange } = props;
  const isChosen = (row: EncoderRow) => props.chosen.includes(row.id);
  const chosen = PUBLISHED.filter(isChosen);
  const toggle = (encoder: EncoderId, on: boolean) =>
    onChange(
      ENCODER_ROWS.filter((row) => (row.id === encoder ? on : isChosen(row))).map((row) => row.id),
    );
  const box = (row: EncoderRow<EncoderId>) => (
    <Checkbox
      key={row.id}
      size="xs"
      w="100%"
      label={row.label}
      checked={isChosen(row)}
      disabled={disabled}
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

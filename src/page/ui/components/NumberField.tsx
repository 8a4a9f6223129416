import { NumberInput, Slider } from "@mantine/core";
import { useRef, useState, type KeyboardEvent } from "react";
import type { Unit } from "../../../common/config/fieldInfo";
import type { SliderInfo } from "../../../common/config/controls";
import { sliderEnd } from "../../../common/config/settings";
import { formatValue } from "../explain/format";
import { useStudio } from "../useStudio";
import type { FieldState } from "./useField";
import classes from "./fields.module.css";

export interface NumberFieldProps {
  readonly id: string;
  readonly label: string;
  readonly unit: Unit;
  readonly number: number;
  readonly integer: boolean;
  readonly min: number;
  readonly max: number;
  readonly disabled: boolean;
  readonly state: FieldState;
}

/**
 * A number as typed. What cannot be taken stays in the box with its message, and the setting keeps its
 * old value; a live setting of an active run is sent on Enter, when the box is left, or moved by arrow keys.
 */
export function NumberField(props: NumberFieldProps) {
  const { id, unit, number, integer, min, max, disabled, state } = props;
  const [draft, setDraft] = useState<number | string | null>(null);
  const [focused, setFocused] = useState(false);
  const stepping = useRef(false);
  const [seen, setSeen] = useState(number);
  if (!Object.is(seen, number)) {
    setSeen(number);
    // moved from elsewhere, by an undo or another control: what stands in the box was another intent
    if (draft !== null && Number(draft) !== number) setDraft(null);
  }
  const keepsDraft = focused || state.error !== undefined;
  const commit = (typed: number | string) => {
    const value = typeof typed === "number" ? typed : typed.trim() === "" ? NaN : Number(typed);
    if (value !== number || state.error !== undefined) state.set(value);
  };
  return (
    <NumberInput
      id={id}
      size="xs"
      hideControls
      disabled={disabled}
      value={keepsDraft && draft !== null ? draft : number}
      allowDecimal={!integer}
      allowNegative={min < 0}
      clampBehavior="none"
      step={integer ? 1 : decimalStep(number)}
      min={min}
      max={max}
      error={state.error !== undefined}
      {...(state.error !== undefined && { "aria-describedby": `${id}-error` })}
      onChange={(typed) => {
        setDraft(typed);
        // half a number that is typed is not to be trained with
        if (!state.sent || stepping.current) commit(typed);
      }}
      onFocus={() => {
        setDraft(null);
        setFocused(true);
      }}
      // what stands in the box, not the draft: on a busy page Enter can come before the draft is known
      onBlur={(event) => {
        setFocused(false);
        commit(event.currentTarget.value);
      }}
      onKeyDownCapture={(event) => {
        stepping.current = event.key === "ArrowUp" || event.key === "ArrowDown";
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter") commit(event.currentTarget.value);
        // what is typed and not sent yet is taken back before anything that was
        if (!state.sent || !isUndo(event) || event.currentTarget.value === String(number)) return;
        event.preventDefault();
        setDraft(null);
      }}
      {...(unit !== "1" && {
        rightSection: <span className={classes.unit}>{unit}</span>,
        rightSectionWidth: 14 + unit.length * 6,
        rightSectionPointerEvents: "none" as const,
      })}
    />
  );
}

const isUndo = ({ key, ctrlKey, metaKey }: KeyboardEvent): boolean =>
  key === "z" && (ctrlKey || metaKey);

/** Arrow keys move a decimal by one of its leading digit. */
const decimalStep = (value: number): number =>
  value > 0 ? 10 ** Math.floor(Math.log10(value) + 1e-9) : 0.1;

/** A slider beside the number. One that ends where the model does is also the number's limit. */
export function SliderField(props: NumberFieldProps & { readonly slider: SliderInfo }) {
  const { slider, ...rest } = props;
  const { number, min, max, disabled, label, state } = rest;
  const end = useStudio((studio) => sliderEnd(slider, studio.experiment.value));
  const [dragged, setDragged] = useState<number | null>(null);
  return (
    <div className={classes.sliderRow}>
      <Slider
        size={4}
        thumbSize={14}
        min={min}
        max={Math.max(end, min + slider.step)}
        step={slider.step}
        value={dragged ?? Math.min(number, end)}
        disabled={disabled || end <= min}
        label={formatValue}
        thumbLabel={`${label} (slider)`}
        onChange={setDragged}
        onChangeEnd={(value) => {
          setDragged(null);
          state.set(Number(value.toFixed(6)));
        }}
      />
      <NumberField {...rest} max={slider.max === "modelDepth" ? end : max} unit="1" />
    </div>
  );
}

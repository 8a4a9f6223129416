import { ActionIcon, SegmentedControl, Select, Switch, Tooltip } from "@mantine/core";
import { IconInfoCircle, IconRestore } from "@tabler/icons-react";
import { memo, useId, type ReactNode } from "react";
import { modelShape } from "../../../common/config/sizes";
import type { FieldDescription, FieldKind, FieldValue } from "../../store/fields";
import { optionName, valueText } from "../explain/names";
import { useStudio } from "../useStudio";
import { EncodersField } from "./EncodersField";
import { ImportedField } from "./ImportedField";
import { MicroBatchField } from "./MicroBatchField";
import { NumberField, SliderField } from "./NumberField";
import { useField, type FieldState } from "./useField";
import classes from "./fields.module.css";

/** λ is typed up to 10 but dragged only where it is usually looked for. */
const LAMBDA_SLIDER_MAX = 2;

/** One setting: label, unit, source, reset, and the control its schema asks for. */
export const Field = memo(function Field({ field }: { readonly field: FieldDescription }) {
  const state = useField(field);
  const id = useId();
  const stacked = isStacked(field);
  return (
    <div
      className={stacked ? `${classes.field ?? ""} ${classes.stacked ?? ""}` : classes.field}
      data-locked={state.locked || undefined}
    >
      <FieldLabel field={field} state={state} id={id} />
      <FieldControl field={field} state={state} id={id} />
      {field.info.measured && <p className={classes.measured}>{field.info.measured}</p>}
      {state.error && (
        <div className={classes.error} id={`${id}-error`} role="alert">
          {state.error}
        </div>
      )}
    </div>
  );
});

const isStacked = ({ path, control }: FieldDescription): boolean =>
  control.kind === "several" || isSegmented(control) || SLIDERS.includes(path);

const SLIDERS = ["alignment.projCoeff", "alignment.encoderDepth"];

/** Two or three short options read better side by side than in a menu. */
const isSegmented = (control: FieldKind): boolean =>
  control.kind === "choice" &&
  control.options.length > 1 &&
  control.options.length <= 4 &&
  control.options.map(optionName).join("").length <= 26;

function FieldLabel(props: {
  readonly field: FieldDescription;
  readonly state: FieldState;
  readonly id: string;
}) {
  const { field, state, id } = props;
  const { label, help, source, live, sameResult } = field.info;
  const ntxent = useStudio((studio) => studio.experiment.value.alignment.objective === "ntxent");
  const changesObjective = field.path === "optimizer.microBatch" && ntxent;
  return (
    <div className={classes.label} data-wraps={sameResult || undefined}>
      <label htmlFor={id} id={`${id}-label`}>
        {label}
      </label>
      {live && (
        <Tooltip label="Moves while the run trains" withArrow>
          <span className={classes.live}>live</span>
        </Tooltip>
      )}
      {sameResult && !changesObjective && (
        <Tooltip label="Moves memory and time, not what is learned" withArrow>
          <span className={classes.same}>same result</span>
        </Tooltip>
      )}
      {state.changed && !state.locked && (
        <Tooltip label={`Reset to ${valueText(state.resetValue)}`} withArrow>
          <ActionIcon
            variant="subtle"
            size={18}
            aria-label={`Reset ${label} to ${valueText(state.resetValue)}`}
            onClick={state.reset}
          >
            <IconRestore size={13} stroke={1.8} />
          </ActionIcon>
        </Tooltip>
      )}
      <Tooltip
        multiline
        w={260}
        withArrow
        events={{ hover: true, focus: true, touch: true }}
        label={
          <>
            {help && <div>{help}</div>}
            <div style={{ opacity: 0.75 }}>Source: {source}</div>
          </>
        }
      >
        <ActionIcon
          className={classes.info ?? ""}
          variant="transparent"
          color="gray"
          size={18}
          aria-label={`About ${label}`}
        >
          <IconInfoCircle size={14} stroke={1.6} />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}

interface ControlProps {
  readonly field: FieldDescription;
  readonly state: FieldState;
  readonly id: string;
}

function FieldControl({ field, state, id }: ControlProps): ReactNode {
  const { control, info, path } = field;
  if (path === "optimizer.microBatch") return <MicroBatchField id={id} state={state} />;
  const shared = { id, disabled: state.locked };
  switch (control.kind) {
    case "number": {
      const number = typeof state.value === "number" ? state.value : NaN;
      const props = { ...shared, ...control, unit: info.unit, label: info.label, number, state };
      if (path === "alignment.projCoeff") {
        return <SliderField {...props} sliderMax={LAMBDA_SLIDER_MAX} sliderStep={0.05} />;
      }
      if (path === "alignment.encoderDepth") return <DepthField {...props} />;
      return <NumberField {...props} />;
    }
    case "switch":
      return (
        <Switch
          {...shared}
          size="sm"
          checked={state.value === true}
          onChange={(event) => state.set(event.currentTarget.checked)}
          ml="auto"
        />
      );
    case "several":
      return <EncodersField id={id} state={state} />;
    case "imported":
      return <ImportedField id={id} />;
    case "choice":
      return <ChoiceField field={field} options={control.options} state={state} id={id} />;
  }
}

function DepthField(props: Omit<Parameters<typeof SliderField>[0], "sliderMax" | "sliderStep">) {
  const depth = useStudio((state) => modelShape(state.experiment.value.model).depth);
  return <SliderField {...props} max={depth} sliderMax={depth} sliderStep={1} />;
}

function ChoiceField(props: ControlProps & { readonly options: readonly (string | number)[] }) {
  const { field, options, state, id } = props;
  const data = options.map((option) => ({ value: String(option), label: optionName(option) }));
  const choose = (text: string | null) => {
    const option = options.find((candidate) => String(candidate) === text);
    if (option !== undefined) state.set(option);
  };
  if (isSegmented(field.control)) {
    return (
      <SegmentedControl
        aria-labelledby={`${id}-label`}
        size="xs"
        fullWidth
        disabled={state.locked}
        data={data}
        value={choiceText(state.value)}
        onChange={choose}
      />
    );
  }
  if (options.length === 1) {
    return (
      <output id={id} className={classes.only}>
        {optionName(options[0] ?? "")}
      </output>
    );
  }
  return (
    <Select
      id={id}
      size="xs"
      disabled={state.locked}
      data={data}
      value={choiceText(state.value)}
      onChange={choose}
      allowDeselect={false}
      comboboxProps={{ shadow: "md", width: "max-content", position: "bottom-end" }}
    />
  );
}

const choiceText = (value: FieldValue | undefined): string =>
  typeof value === "string" || typeof value === "number" ? String(value) : "";

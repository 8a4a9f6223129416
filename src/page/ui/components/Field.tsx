import { ActionIcon, SegmentedControl, Select, Switch, Tooltip } from "@mantine/core";
import { IconRestore } from "@tabler/icons-react";
import { memo, useId, type ReactNode } from "react";
import type { Control, Option } from "../../../common/config/controls";
import { keepsResult, type Setting, type SettingValue } from "../../../common/config/settings";
import { valueText } from "../explain/names";
import { useStudio } from "../useStudio";
import { About } from "./About";
import { EncodersField } from "./EncodersField";
import { ImportedField } from "./ImportedField";
import { MicroBatchField } from "./MicroBatchField";
import { NumberField, SliderField } from "./NumberField";
import { useField, type FieldState } from "./useField";
import classes from "./fields.module.css";

interface FieldProps {
  readonly setting: Setting;
  readonly state: FieldState;
  readonly id: string;
}

/** One setting: label, unit, source, reset, and the control its schema asks for. */
export const Field = memo(function Field({ setting }: { readonly setting: Setting }) {
  const state = useField(setting);
  const id = useId();
  const stacked = isStacked(setting.control);
  return (
    <div
      className={stacked ? `${classes.field ?? ""} ${classes.stacked ?? ""}` : classes.field}
      data-locked={state.locked || undefined}
      data-sent={state.sent || undefined}
    >
      <FieldLabel setting={setting} state={state} id={id} />
      <FieldControl setting={setting} state={state} id={id} />
      {setting.info.measured && <p className={classes.measured}>{setting.info.measured}</p>}
      {state.error && (
        <div className={classes.error} id={`${id}-error`} role="alert">
          {state.error}
        </div>
      )}
    </div>
  );
});

const isStacked = (control: Control): boolean =>
  control.kind === "several" ||
  isSegmented(control) ||
  (control.kind === "number" && control.slider !== null);

/** Two or three short options read better side by side than in a menu. */
const isSegmented = (control: Control): boolean =>
  control.kind === "choice" &&
  control.options.length > 1 &&
  control.options.length <= 4 &&
  control.options.map(({ label }) => label).join("").length <= 26;

function FieldLabel({ setting, state, id }: FieldProps) {
  const { label, live, sameResult } = setting.info;
  const same = useStudio((studio) => keepsResult(setting, studio.experiment.value));
  return (
    <div className={classes.label} data-wraps={sameResult !== undefined || undefined}>
      <label htmlFor={id} id={`${id}-label`}>
        {label}
      </label>
      {live && (
        <Tooltip label="Can be changed during training" withArrow>
          <span className={classes.live}>live</span>
        </Tooltip>
      )}
      {same && (
        <Tooltip label="Changes memory and time, not what is learned" withArrow>
          <span className={classes.same}>same result</span>
        </Tooltip>
      )}
      {state.changed && !state.locked && <Reset setting={setting} state={state} />}
      <About
        label={setting.info.label}
        help={setting.info.help}
        source={`Source: ${setting.info.source}`}
      />
    </div>
  );
}

function Reset({ setting, state }: Pick<FieldProps, "setting" | "state">) {
  const value = valueText(setting, state.resetValue);
  return (
    <Tooltip label={`Reset to ${value}`} withArrow>
      <ActionIcon
        variant="subtle"
        size={18}
        aria-label={`Reset ${setting.info.label} to ${value}`}
        onClick={state.reset}
      >
        <IconRestore size={13} stroke={1.8} />
      </ActionIcon>
    </Tooltip>
  );
}

function FieldControl({ setting, state, id }: FieldProps): ReactNode {
  const { control, info } = setting;
  const shared = { id, disabled: state.locked };
  switch (control.kind) {
    case "number": {
      const { slider, ...range } = control;
      const number = typeof state.value === "number" ? state.value : NaN;
      const props = { ...shared, ...range, unit: info.unit, label: info.label, number, state };
      return slider ? <SliderField {...props} slider={slider} /> : <NumberField {...props} />;
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
    case "batchDivisors":
      return <MicroBatchField id={id} state={state} />;
    case "choice":
      return <ChoiceField setting={setting} options={control.options} state={state} id={id} />;
  }
}

function ChoiceField(props: FieldProps & { readonly options: readonly Option[] }) {
  const { setting, options, state, id } = props;
  const data = options.map(({ value, label }) => ({ value: String(value), label }));
  const choose = (key: string | null) => {
    const option = options.find(({ value }) => String(value) === key);
    if (option) state.set(option.value);
  };
  if (isSegmented(setting.control)) {
    return (
      <SegmentedControl
        aria-labelledby={`${id}-label`}
        size="xs"
        fullWidth
        disabled={state.locked}
        data={data}
        value={choiceKey(state.value)}
        onChange={choose}
      />
    );
  }
  if (options.length === 1) {
    return (
      <output id={id} className={classes.only}>
        {options[0]?.label}
      </output>
    );
  }
  return (
    <Select
      id={id}
      size="xs"
      disabled={state.locked}
      data={data}
      value={choiceKey(state.value)}
      onChange={choose}
      allowDeselect={false}
      comboboxProps={{ shadow: "md", width: "max-content", position: "bottom-end" }}
    />
  );
}

const choiceKey = (value: SettingValue | undefined): string =>
  typeof value === "string" || typeof value === "number" ? String(value) : "";

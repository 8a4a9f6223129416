import { useCallback } from "react";
import { ControlChange } from "../../../common/config/experiment";
import { settingValue, type Setting, type SettingValue } from "../../../common/config/settings";
import { selectActive } from "../../store/selectors";
import { useCommands } from "../commands";
import { useStudio, useStudioStore } from "../useStudio";

export interface FieldState {
  readonly value: SettingValue | undefined;
  readonly resetValue: SettingValue | undefined;
  readonly changed: boolean;
  readonly error: string | undefined;
  /** A run is active and this setting cannot be changed during training. */
  readonly locked: boolean;
  /** A run is active and takes this setting: commit whole values, not every keystroke. */
  readonly sent: boolean;
  readonly set: (value: SettingValue) => void;
  readonly reset: () => void;
}

/** One setting of the edited experiment. While a run is active, live ones are sent to it as well. */
export function useField(setting: Setting): FieldState {
  const { group, key, path, info } = setting;
  const store = useStudioStore();
  const commands = useCommands();
  const value = useStudio((state) => settingValue(state.experiment.value, setting));
  const resetValue = useStudio((state) => settingValue(state.experiment.baseline, setting));
  const error = useStudio((state) => state.experiment.issues[path]);
  const active = useStudio(selectActive);

  const send = useCallback(() => {
    const { experiment, run } = store.getState();
    const inForce = settingValue(experiment.value, setting);
    if (!selectActive(store.getState()) || run.phase === "caching" || !info.live) return;
    if (experiment.issues[path] !== undefined) return;
    const change = ControlChange.safeParse({ [key]: inForce });
    if (change.success) commands.setControl(change.data);
  }, [store, commands, setting, key, path, info.live]);

  return {
    value,
    resetValue,
    error,
    changed: useStudio((state) => state.experiment.changed.includes(path)),
    locked: active && !info.live,
    sent: active && info.live === true,
    set: (next) => {
      store.getState().setField(group, key, next);
      send();
    },
    reset: () => {
      store.getState().resetField(group, key);
      send();
    },
  };
}

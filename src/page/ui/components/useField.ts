import { useCallback } from "react";
import { ControlChange } from "../../../common/config/experiment";
import { settingValue, type Setting, type SettingValue } from "../../../common/config/settings";
import { isLocked, selectActive } from "../../store/selectors";
import { useCommands } from "../commands";
import { useStudio, useStudioStore } from "../useStudio";

export interface FieldState {
  readonly value: SettingValue | undefined;
  readonly resetValue: SettingValue | undefined;
  readonly changed: boolean;
  readonly error: string | undefined;
  /** A run is active and this setting cannot be changed now. */
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
  const locked = useStudio((state) => isLocked(setting, state.run.phase));

  const send = useCallback(() => {
    const { experiment } = store.getState();
    const wanted = settingValue(experiment.value, setting);
    if (!selectActive(store.getState()) || !info.live) return;
    if (experiment.issues[path] !== undefined) return;
    const change = ControlChange.safeParse({ [key]: wanted });
    if (change.success) commands.setControl(change.data);
  }, [store, commands, setting, key, path, info.live]);

  return {
    value,
    resetValue,
    error,
    changed: useStudio((state) => state.experiment.changed.includes(path)),
    locked,
    sent: active && info.live === true,
    set: (next) => {
      // a disabled control can still report a change, for example by the browser's own undo
      if (isLocked(setting, store.getState().run.phase)) return;
      store.getState().setField(group, key, next);
      send();
    },
    reset: () => {
      if (isLocked(setting, store.getState().run.phase)) return;
      store.getState().resetField(group, key);
      send();
    },
  };
}

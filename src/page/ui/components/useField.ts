import { useCallback } from "react";
import { ControlChange } from "../../../common/config/experiment";
import { fieldValue } from "../../store/experimentSlice";
import type { FieldDescription, FieldValue } from "../../store/fields";
import { selectActive } from "../../store/selectors";
import { useCommands } from "../commands";
import { useStudio, useStudioStore } from "../useStudio";

export interface FieldState {
  readonly value: FieldValue | undefined;
  readonly resetValue: FieldValue | undefined;
  readonly changed: boolean;
  readonly error: string | undefined;
  /** A run is active and this setting does not move while it trains. */
  readonly locked: boolean;
  /** A run is active and this setting moves with it: commit whole values, not every keystroke. */
  readonly moving: boolean;
  readonly set: (value: FieldValue) => void;
  readonly reset: () => void;
}

/** One setting of the edited experiment. While a run is active, live ones are sent to it as well. */
export function useField({ group, name, path, info }: FieldDescription): FieldState {
  const store = useStudioStore();
  const commands = useCommands();
  const value = useStudio((state) => fieldValue(state.experiment.value, group, name));
  const resetValue = useStudio((state) => fieldValue(state.experiment.baseline, group, name));
  const error = useStudio((state) => state.experiment.issues[path]);
  const active = useStudio(selectActive);

  const send = useCallback(() => {
    const { experiment, run } = store.getState();
    const inForce = fieldValue(experiment.value, group, name);
    if (!selectActive(store.getState()) || run.phase === "caching" || !info.live) return;
    if (experiment.issues[path] !== undefined) return;
    const change = ControlChange.safeParse({ [name]: inForce });
    if (change.success) commands.setControl(change.data);
  }, [store, commands, group, name, path, info.live]);

  return {
    value,
    resetValue,
    error,
    changed: useStudio((state) => state.experiment.changed.includes(path)),
    locked: active && !info.live,
    moving: active && info.live === true,
    set: (next) => {
      store.getState().setField(group, name, next);
      send();
    },
    reset: () => {
      store.getState().resetField(group, name);
      send();
    },
  };
}

import { namesOf } from "../math/records";
import type { ControlChange, Experiment } from "./experiment";
import { sameValue } from "./nonDefaults";

/** A setting that can be changed while a run trains. */
export type LiveKey = keyof ControlChange;

/** The settings a change names. */
export const changedKeys = (change: ControlChange): readonly LiveKey[] =>
  // a change is checked by its schema: it has no other keys
  namesOf<LiveKey>(change).filter((key) => change[key] !== undefined);

/** A change without some of its settings. */
export const withoutKeys = (change: ControlChange, keys: readonly LiveKey[]): ControlChange =>
  Object.fromEntries(
    changedKeys(change).flatMap((key) => (keys.includes(key) ? [] : [[key, change[key]]])),
  );

/** The part of a change that differs from what is in force; null when none of it does. */
export function differing(
  inForce: Experiment["alignment"],
  change: ControlChange,
): ControlChange | null {
  const same = changedKeys(change).filter((key) => sameValue(change[key], inForce[key]));
  const rest = withoutKeys(change, same);
  return changedKeys(rest).length > 0 ? rest : null;
}

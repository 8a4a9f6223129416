import { internalError } from "./internalError";

/** The names of a record: TypeScript types the keys of any object as strings. */
export const namesOf = <Name extends string>(record: Readonly<Record<Name, unknown>>): Name[] =>
  Object.keys(record) as Name[];

/** The entries must name every key: TypeScript does not know which keys `Object.fromEntries` gives. */
const fromEntries = <Name extends string, T>(entries: readonly (readonly [Name, T])[]) =>
  Object.fromEntries(entries) as Record<Name, T>;

/** A record of one value for each name. */
export const recordOf = <Name extends string, T>(
  names: readonly Name[],
  value: (name: Name) => T,
): Record<Name, T> => fromEntries(names.map((name) => [name, value(name)]));

/** A record of the same names with other values. */
export const mapRecord = <Name extends string, T, U>(
  record: Readonly<Record<Name, T>>,
  change: (value: T, name: Name) => U,
): Record<Name, U> => recordOf(namesOf(record), (name) => change(record[name], name));

/**
 * `values` under as many names, in order: for tf.split and whatever else returns a list of known length.
 * @throws StudioError INTERNAL when there are fewer or more values than names
 */
export function named<Name extends string, T>(
  names: readonly Name[],
  values: readonly T[],
): Record<Name, T> {
  if (values.length !== names.length) {
    throw internalError(
      `There are ${values.length} values for ${names.length} names (${names.join(", ")}).`,
    );
  }
  return fromEntries(
    values.flatMap((value, i) => names.slice(i, i + 1).map((name) => [name, value] as const)),
  );
}

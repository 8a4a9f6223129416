/** The names of a record: TypeScript types the keys of any object as strings. */
export const namesOf = <Name extends string>(
  record: Readonly<Partial<Record<Name, unknown>>>,
): Name[] => Object.keys(record) as Name[];

/** An object with a value for every key, in the order of the keys. */
export function recordOf<K extends string, V>(
  keys: readonly K[],
  valueOf: (key: K) => V,
): Record<K, V>;
export function recordOf<V>(
  keys: readonly string[],
  valueOf: (key: string) => V,
): Record<string, V> {
  return Object.fromEntries(keys.map((key) => [key, valueOf(key)]));
}

/** A record of the same names with other values. */
export const mapRecord = <Name extends string, T, U>(
  record: Readonly<Record<Name, T>>,
  change: (value: T, name: Name) => U,
): Record<Name, U> => recordOf(namesOf(record), (name) => change(record[name], name));

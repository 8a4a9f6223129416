import { internalError } from "./internalError";

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
  const entries = names.map((name, i) => [name, values[i]] as const);
  return Object.fromEntries(entries) as Record<Name, T>; // every name is there, TypeScript does not know it
}

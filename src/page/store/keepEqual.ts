type Fields = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/**
 * `next` with every part that says what it said before taken from `before`; `before` itself when nothing is other. Records
 * read again are then the same objects, and what is remembered of them stays remembered. Plain data: lists, records, and
 * values that are compared by identity.
 */
export function keepEqual<T>(before: unknown, next: T): T;
export function keepEqual(before: unknown, next: unknown): unknown {
  if (Object.is(before, next)) return next;
  if (isList(before) && isList(next)) {
    const kept = next.map((value, i) => keepEqual(before[i], value));
    const isSame =
      kept.length === before.length && kept.every((value, i) => Object.is(value, before[i]));
    return isSame ? before : kept;
  }
  if (!isRecord(before) || !isRecord(next)) return next;
  const kept = Object.entries(next).map(
    ([key, value]) => [key, keepEqual(before[key], value)] as const,
  );
  const isSame =
    kept.length === Object.keys(before).length &&
    kept.every(([key, value]) => key in before && Object.is(value, before[key]));
  return isSame ? before : Object.fromEntries(kept);
}

/**
 * JSON with the numbers that JSON lacks, as texts: what is measured may be infinite or no number, and a log says so to the
 * bit. A text of these four cannot be told from its number; no name in a file of results is one.
 */
const TEXTS: ReadonlyMap<string, number> = new Map([
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
  ["-0", -0],
]);
export const NUMBER_TEXTS: readonly string[] = [...TEXTS.keys()];

const written = (_key: string, value: unknown): unknown => {
  if (typeof value !== "number") return value;
  if (Object.is(value, -0)) return "-0";
  return Number.isFinite(value) ? value : String(value);
};

const read = (_key: string, value: unknown): unknown =>
  typeof value === "string" ? (TEXTS.get(value) ?? value) : value;

export const toNumberJson = (value: unknown): string => JSON.stringify(value, written);

/** @throws SyntaxError for what is no JSON */
export const fromNumberJson = (text: string): unknown => JSON.parse(text, read);

/** The same with the keys of objects in order: texts of two values are equal exactly when the values are. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (key, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : written(key, part),
  );

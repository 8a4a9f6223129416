/** Zero-width characters and marks of direction: they show nothing, and two names with and without them look alike. */
const INVISIBLE = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/g;

/**
 * A class's name as it is kept: composed (NFC: macOS takes "é" apart), without invisible characters, and without spaces
 * around it. What is nothing then stays as it was.
 */
export function tidyClassName(name: string): string {
  const tidy = name.normalize("NFC").replaceAll(INVISIBLE, "").replaceAll(/\s+/gu, " ").trim();
  return tidy === "" ? name : tidy;
}

const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** A name for messages, with what would not be seen in it written out: invisible characters and marks apart. */
const quoted = (name: string): string => {
  const visible = JSON.stringify(name).replaceAll(INVISIBLE, escaped);
  return name === name.normalize("NFC") ? visible : visible.replaceAll(/\p{M}/gu, escaped);
};

/** Of all names that look alike at a glance, the same text. */
const glance = (name: string): string =>
  name
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, " ");

/** Those of the same key together, in the order they were met; single ones left out. */
function groups(names: Iterable<string>, keyOf: (name: string) => string): string[][] {
  const byKey = new Map<string, string[]>();
  for (const name of new Set(names)) {
    const key = keyOf(name);
    byKey.set(key, [...(byKey.get(key) ?? []), name]);
  }
  return [...byKey.values()].filter((group) => group.length > 1);
}

/** Said of each group of names at most, so that a thousand classes do not make a thousand notes. */
const MAX_GROUPS = 20;

/**
 * What is to be told of class names as they were found: which became one class, and which look alike and did not.
 * @param found names before `tidyClassName`
 */
export function classNameNotes(found: Iterable<string>): string[] {
  const names = [...found];
  const merged = groups(names, tidyClassName);
  const alike = groups(names.map(tidyClassName), glance);
  const list = (group: readonly string[]) => group.map(quoted).join(" and ");
  return [
    ...merged
      .slice(0, MAX_GROUPS)
      .map(
        (group) =>
          `${list(group)} are taken as one class, ${quoted(tidyClassName(group[0] ?? ""))}.`,
      ),
    ...alike
      .slice(0, MAX_GROUPS)
      .map(
        (group) =>
          `The classes ${list(group)} look alike and are kept apart; rename one to join them.`,
      ),
  ];
}

/** The index behind the string that begins at `at`. */
function stringEnd(text: string, at: number): number {
  let end = at + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
  return end + 1;
}

/**
 * Keys that an object of JSON gives more than once, at its outermost level. `JSON.parse` keeps the last of them and says
 * nothing.
 * @param text legal JSON of an object
 */
export function doubledKeys(text: string): readonly string[] {
  const seen = new Set<string>();
  const doubled = new Set<string>();
  let depth = 0;
  let isKey = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') {
      const end = stringEnd(text, at);
      if (isKey && depth === 1) {
        const key = String(JSON.parse(text.slice(at, end)));
        if (seen.has(key)) doubled.add(key);
        seen.add(key);
      }
      isKey = false;
      at = end - 1;
    } else if (char === "{" || char === "[") {
      depth += 1;
      isKey = char === "{";
    } else if (char === "}" || char === "]") depth -= 1;
    else if (char === "," && depth === 1) isKey = true;
  }
  return [...doubled];
}

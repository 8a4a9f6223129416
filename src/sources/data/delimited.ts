/** A table as text: the names of its columns, and its rows. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const DELIMITERS = [",", "\t", ";", "|"] as const;

/** The character that stands most often in the first line, outside of quotes. */
function delimiterOf(line: string): string {
  const bare = line.replaceAll(/"[^"]*"/g, "");
  const counts = DELIMITERS.map((char) => bare.split(char).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ",";
}

/** The cells of each line; quoted ones may hold delimiters, line ends and doubled quotes. Empty lines are left out. */
function records(text: string, delimiter: string): string[][] {
  const out: string[][] = [];
  let row: string[] = [];
  let at = 0;
  const endRow = () => {
    if (row.some((cell) => cell !== "")) out.push(row);
    row = [];
  };
  while (at < text.length) {
    let cell: string;
    if (text[at] === '"') {
      let end = text.indexOf('"', at + 1);
      while (end >= 0 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
      if (end < 0) end = text.length;
      cell = text.slice(at + 1, end).replaceAll('""', '"');
      at = end + 1;
    } else {
      let end = at;
      while (end < text.length && text[end] !== delimiter && text[end] !== "\n") end += 1;
      cell = text.slice(at, end).trim();
      at = end;
    }
    row.push(cell);
    while (at < text.length && text[at] !== delimiter && text[at] !== "\n") at += 1; // after a quote
    if (text[at] !== delimiter) endRow();
    at += 1;
  }
  endRow();
  return out;
}

/**
 * Reads comma, tab, semicolon or bar separated text. A first line is the columns' names; whether it is one is for the
 * caller to say, who knows what its cells should be.
 */
export function readDelimited(text: string): Table {
  const clean = text.replace(/^\ufeff/, "").replaceAll(/\r\n?/g, "\n");
  const [line = ""] = clean.split("\n", 1);
  const [columns = [], ...rows] = records(clean, delimiterOf(line));
  return { columns, rows };
}

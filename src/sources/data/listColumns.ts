import type { ListRows } from "./listRows";
import { isSplitName } from "./splits";

/** What a list says of one image. */
export interface ListedImage {
  /** Number of the image. */
  readonly image: number;
  /** Null where the row names none. */
  readonly className: string | null;
  readonly split: string | null;
}

/** A list, matched with the images there are. */
export interface MatchedList {
  readonly listed: readonly ListedImage[];
  /** How its columns are called; empty where they have no names. */
  readonly columns: readonly string[];
  /** Whether it has a column of classes at all. */
  readonly hasClasses: boolean;
  /** Rows that name an image that is not there: how many, and the first. */
  readonly absent: number;
  readonly firstAbsent: string | null;
}

/** Finds the image that a list means; undefined when there is none, or several. */
export type FindImage = (written: string) => number | undefined;

const plain = (name: string) => name.toLowerCase().replaceAll(/[\s_-]/g, "");

const CLASS_WORDS = [
  ...["label", "labels", "class", "classname", "category", "categoryname", "target", "species"],
  ...["breed", "labelname", "dx", "diagnosis", "predictionstring", "classid", "categoryid"],
  ...["classidx", "labelid", "finelabel", "targets", "y", "noisylabels0"],
];
const SPLIT_NAMES = ["split", "set", "dataset", "subset", "partition", "usage", "phase"];

/** Rows that decide which column names the images. */
const LOOKED_AT = 500;

/** The column most of whose cells are images, each another; null when fewer than half of the rows name one. */
function pathColumn(rows: ListRows["rows"], find: FindImage): number | null {
  const sample = rows.slice(0, LOOKED_AT);
  const width = Math.max(0, ...sample.map((row) => row.length));
  const found = Array.from({ length: width }, (_, column) => {
    const images = sample.flatMap((row) => find(row[column] ?? "") ?? []);
    return new Set(images).size;
  });
  const most = Math.max(0, ...found);
  // the first row may be the columns' names
  return most > 0 && most * 2 >= sample.length - 1 ? found.indexOf(most) : null;
}

type ClassOfRow = (row: readonly string[]) => string;

/** One column of 1 among columns of 0 in every row: its name is the class. */
function oneHot(
  columns: readonly string[],
  rows: ListRows["rows"],
  path: number,
): ClassOfRow | null {
  const flags = columns.flatMap((_, i) =>
    i !== path && rows.every((row) => Number(row[i]) === 0 || Number(row[i]) === 1) ? [i] : [],
  );
  const hot = (row: readonly string[]) => flags.filter((i) => Number(row[i]) === 1);
  if (flags.length < 2 || !rows.every((row) => hot(row).length === 1)) return null;
  return (row) => columns[hot(row)[0] ?? -1] ?? "";
}

/** "n03995372 85 1 499 272", as ImageNet's own lists have it: the first word is the class. */
const withoutBoxes = (label: string): string => /^(n\d{8})\s[\d\s n]*$/.exec(label)?.[1] ?? label;

/** How a row names its class: a column with a usual name, columns of 0 and 1, or the only other column that repeats. */
function classOfRow(
  columns: readonly string[],
  rows: ListRows["rows"],
  path: number,
  split: number | null,
): ClassOfRow | null {
  const named = CLASS_WORDS.map((word) =>
    columns.findIndex((name, i) => plain(name) === word && i !== path),
  ).find((column) => column >= 0);
  if (named !== undefined) return (row) => withoutBoxes(row[named] ?? "");
  const hot = oneHot(columns, rows, path);
  if (hot) return hot;
  const width = Math.max(columns.length, ...rows.slice(0, LOOKED_AT).map((row) => row.length));
  const others = Array.from({ length: width }, (_, i) => i).filter(
    (i) => i !== path && i !== split,
  );
  const [only] = others;
  if (others.length !== 1 || only === undefined) return null;
  const values = new Set(rows.map((row) => row[only] ?? ""));
  // captions differ from image to image; classes come again
  const repeats = values.size <= Math.max(2, rows.length / 2);
  return repeats ? (row) => withoutBoxes(row[only] ?? "") : null;
}

/** "1.0", as tables with gaps write whole numbers. */
function wholeNumbers(listed: readonly ListedImage[]): readonly ListedImage[] {
  const all = listed.every(({ className }) => className === null || /^\d+\.0$/.test(className));
  return all
    ? listed.map((item) => ({ ...item, className: item.className?.replace(/\.0$/, "") ?? null }))
    : listed;
}

/**
 * Which columns of a list name images, classes and splits: by what is in them, and by usual names.
 * @returns null when none of its columns names images that are there
 */
export function matchList(given: ListRows, find: FindImage): MatchedList | null {
  const path = pathColumn(given.rows, find);
  if (path === null) return null;
  const [first = []] = given.rows;
  const headed = given.columns === null && find(first[path] ?? "") === undefined;
  const columns = given.columns ?? (headed ? first : []);
  const rows = headed ? given.rows.slice(1) : given.rows;
  const splitColumn = columns.findIndex(
    (name, i) =>
      SPLIT_NAMES.includes(plain(name)) && rows.every((row) => isSplitName(row[i] ?? "")),
  );
  const split = splitColumn < 0 ? null : splitColumn;
  const classOf = classOfRow(columns, rows, path, split);
  const absent: string[] = [];
  const listed = rows.flatMap((row): ListedImage[] => {
    const image = find(row[path] ?? "");
    if (image === undefined) {
      absent.push(row[path] ?? "");
      return [];
    }
    const className = classOf?.(row) ?? "";
    return [
      {
        image,
        className: className === "" ? null : className,
        split: split === null ? given.split : (row[split] ?? null),
      },
    ];
  });
  return {
    listed: wholeNumbers(listed),
    columns,
    hasClasses: classOf !== null && listed.some(({ className }) => className !== null),
    absent: absent.length,
    firstAbsent: absent[0] ?? null,
  };
}

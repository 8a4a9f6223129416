import { namesOf } from "../../common/math/records";

/** What splits are called, by what they are for; the first word of each row is the name that is shown. */
const SPLIT_WORDS: Readonly<Record<SplitRole, readonly string[]>> = {
  train: [
    "train",
    "training",
    "trn",
    "tr",
    "train_set",
    "training_set",
    "trainset",
    "train_images",
    "images_train",
    "seg_train",
  ],
  val: [
    "val",
    "valid",
    "validation",
    "validate",
    "dev",
    "eval",
    "val_set",
    "validation_set",
    "valset",
    "val_images",
    "images_val",
  ],
  test: [
    "test",
    "testing",
    "tst",
    "test_set",
    "testset",
    "test_images",
    "images_test",
    "seg_test",
    "seg_pred",
  ],
};
/** More images without a place in either of the others: STL-10, iNaturalist. */
type SplitRole = "train" | "val" | "test";

/** "train2017", "test1", "Train-Set", "val_256": years, numbers and sides do not matter. */
function roleOf(name: string): SplitRole | undefined {
  const word = name
    .toLowerCase()
    .replaceAll(/[\s-]+/g, "_")
    .replace(/[_.]?\d+(px)?$/, "");
  return namesOf(SPLIT_WORDS).find((role) => SPLIT_WORDS[role].includes(word));
}

export const isSplitName = (name: string): boolean => roleOf(name) !== undefined;

/** Where a folder's images say which split they are of: the number of the folder in their paths. */
export interface SplitLevel {
  readonly depth: number;
  /** Names as they are found, the one to train on first. */
  readonly names: readonly string[];
}

/** Names of splits in the order of what they are for, training first. */
export function splitOrder(names: Iterable<string>): string[] {
  const rank = (name: string) => {
    const role = roleOf(name);
    return role === undefined ? 3 : ["train", "val", "test"].indexOf(role);
  };
  return [...new Set(names)].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/** Splits lie above the classes ("train/cat/1.png") or right below them ("cat/train/1.png"), no deeper. */
const MAX_DEPTH = 3;

/**
 * The folders that are splits: the first level at which every image's folder has a split's name. One folder called "test"
 * beside others that are not splits is a class.
 */
export function splitLevel(paths: readonly string[]): SplitLevel | undefined {
  const folders = paths.map((path) => path.split("/").slice(0, -1));
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const names = new Set(folders.map((folder) => folder[depth] ?? ""));
    if (names.has("")) return undefined;
    if ([...names].every(isSplitName)) return { depth, names: splitOrder(names) };
  }
  return undefined;
}

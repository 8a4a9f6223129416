import { cancelCaching } from "./cancelCaching";
import type { Command, Place } from "./command";
import { downloadCheckpoint } from "./downloadCheckpoint";
import { gridCommands } from "./grids";
import { openStorage } from "./openStorage";
import { pause } from "./pause";
import { pauseOrResume } from "./pauseOrResume";
import { resume } from "./resume";
import { scrubCommands } from "./scrub";
import { showAnalyse } from "./showAnalyse";
import { showCompare } from "./showCompare";
import { showData } from "./showData";
import { showShortcuts } from "./showShortcuts";
import { showTrain } from "./showTrain";
import { singleStep } from "./singleStep";
import { start } from "./start";
import { stop } from "./stop";
import { trainOnCached } from "./trainOnCached";
import { undoChange } from "./undoChange";

/** All commands, in the order of the header and of the list of keys. */
export const COMMANDS: readonly Command[] = [
  cancelCaching,
  trainOnCached,
  start,
  pause,
  resume,
  pauseOrResume,
  singleStep,
  stop,
  undoChange,
  ...scrubCommands,
  ...gridCommands,
  showTrain,
  showCompare,
  showData,
  showAnalyse,
  downloadCheckpoint,
  openStorage,
  showShortcuts,
];

export const commandsAt = (...places: readonly Place[]): readonly Command[] =>
  COMMANDS.filter(({ place }) => place !== undefined && places.includes(place));

interface Keys {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey?: boolean;
  /** A Mac's Command key, which does there what Ctrl does elsewhere. */
  readonly metaKey?: boolean;
}

/** How a shortcut names a key. Shift counts with keys that have a name; on others it makes the character. */
export function shortcutOf({ key, shiftKey, ctrlKey, metaKey }: Keys): string {
  const name = shiftKey && key.length > 1 ? `Shift+${key}` : key;
  return ctrlKey || metaKey ? `Control+${name}` : name;
}

export const commandByKey = (keys: Keys): Command | undefined =>
  COMMANDS.find(({ shortcut }) => shortcut === shortcutOf(keys));

import { shortcutOf } from "../../commands/commandList";
import { SCRUBS, type ScrubMove } from "../../commands/scrub";

/** What a key does to the scrubber; null for other keys. */
export function scrubKeyMove(key: string, shiftKey: boolean): ScrubMove | null {
  const pressed = shortcutOf({ key, shiftKey });
  return SCRUBS.find(({ shortcut }) => shortcut === pressed)?.move ?? null;
}

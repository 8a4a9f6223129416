import type { StudioState, StudioStore } from "../store/studioStore";
import type { View } from "../store/viewSlice";

/** Names of icons; the components know the pictures. */
export type IconName = "play" | "pause" | "skip" | "stop" | "close" | "database" | "keyboard";

/** Whether a command can be given now. A disabled one is shown and says why it does nothing. */
export type Offer = "offered" | "hidden" | { readonly disabled: string };

/** What commands act on. */
export interface CommandContext {
  readonly store: StudioStore;
  readonly run: RunActions;
  readonly showView: (view: View) => void;
  /** Saves the newest full state of the run shown as a file. */
  readonly saveCheckpoint: () => void;
  /** Goes back to before the newest live change that was made on this page, as a fork. */
  readonly undoChange: () => void;
}

/** The life of the page's one run. Each is safe at any time: one that makes no sense now does nothing. */
export interface RunActions {
  readonly press: (press: "pause" | "resume" | "step" | "stop" | "trainOnCached") => void;
  /** Runs the edited experiment as a new run. @param pauseAfter steps until it pauses; absent, it does not */
  readonly begin: (pauseAfter?: number) => void;
  /** Goes on with a stored run. */
  readonly resumeStored: (runId: string) => void;
  readonly isUnderWay: () => boolean;
}

/** Where the header shows a command: the one thing to do next, beside it, or in the corner as an icon. */
export type Place = "next" | "beside" | "corner";

/** Something a person can tell the page to do, by a button or a key. Header, keys, their list and tests are made of these. */
export interface Command {
  readonly id: string;
  /** On the button. */
  readonly label: string;
  /** What it does, in the list of keys and, without a `tip`, nowhere else. */
  readonly about: string;
  readonly icon?: IconName;
  /** As `KeyboardEvent.key` names it; "Shift+" before the name of a key that has one, "Control+" (or a Mac's Command) before any. */
  readonly shortcut?: string;
  readonly place?: Place;
  /** The button's look; "default" where it is not said. */
  readonly look?: (state: StudioState) => "filled" | "light" | "default";
  /** Beside the button while it is offered. */
  readonly tip?: (state: StudioState) => string;
  readonly offered: (state: StudioState) => Offer;
  /** When the key works, where that is less often than the button. */
  readonly offeredByKey?: (state: StudioState) => Offer;
  readonly perform: (context: CommandContext) => void;
}

/** Why a command does nothing now; null when it is not disabled. */
export const disabledBecause = (offer: Offer): string | null =>
  typeof offer === "string" ? null : offer.disabled;

/** Gives a command if it is offered: a second press, or a key pressed on an older picture, does nothing. */
export function give(command: Command, context: CommandContext): void {
  if (command.offered(context.store.getState()) === "offered") command.perform(context);
}

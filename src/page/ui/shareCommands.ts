import { createContext, useContext } from "react";

/** Experiments as files, beside the links of `StudioCommands`. They return at once and never throw. */
export interface ShareCommands {
  /** Saves what is shown, with its timeline, as a small JSON file. */
  readonly saveRunFile: () => void;
  /** Reads such a file and offers it as a link is offered; nothing of it runs before the user says so. */
  readonly openRunFile: (file: File) => void;
}

export const ShareContext = createContext<ShareCommands | null>(null);

export function useShare(): ShareCommands {
  const share = useContext(ShareContext);
  if (!share) throw new Error("useShare needs a ShareContext above it.");
  return share;
}

import { createContext, useContext } from "react";
import type { StudioCommands } from "../commands/studioCommands";

export const CommandsContext = createContext<StudioCommands | null>(null);

export function useCommands(): StudioCommands {
  const commands = useContext(CommandsContext);
  if (!commands) throw new Error("useCommands needs a CommandsContext above it.");
  return commands;
}

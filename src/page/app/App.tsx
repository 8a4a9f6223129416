import "../ui/mantine.css";
import "../ui/theme.css";
import { MantineProvider } from "@mantine/core";
import { useState } from "react";
import type { StudioCommands } from "../commands/studioCommands";
import type { StudioStore } from "../store/studioStore";
import { createDrawQueue, DrawQueueContext } from "../ui/charts/drawQueue";
import { CommandsContext } from "../ui/commands";
import { Studio } from "../ui/panels/Studio";
import { theme } from "../ui/theme";
import { StoreContext } from "../ui/useStudio";

export interface AppProps {
  readonly store: StudioStore;
  readonly commands: StudioCommands;
}

/** Gives the store and the commands to the screen. It holds no worker. */
export function App({ store, commands }: AppProps) {
  const [drawQueue] = useState(() => createDrawQueue());
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <StoreContext value={store}>
        <CommandsContext value={commands}>
          <DrawQueueContext value={drawQueue}>
            <Studio />
          </DrawQueueContext>
        </CommandsContext>
      </StoreContext>
    </MantineProvider>
  );
}

import { commands } from "vitest/browser";
import type { HubCommands } from "../e2e/hub/browserCommands";

declare module "vitest/browser" {
  // the interface is vitest's, to be extended so
  // eslint-disable-next-line
  interface BrowserCommands extends HubCommands {}
}

/** The local hub, from a test in the browser. */
export const hub: HubCommands = commands;

export const toBase64 = (bytes: Uint8Array): string => {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
};

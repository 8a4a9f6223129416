import type { Command } from "./command";

export const openStorage: Command = {
  id: "openStorage",
  label: "Runs and storage",
  about: "Stored runs, caches and weights",
  icon: "database",
  place: "corner",
  offered: () => "offered",
  perform: ({ store }) => store.getState().showOverlay("storage"),
};

import type { Command } from "./command";

export const showShortcuts: Command = {
  id: "showShortcuts",
  label: "Keyboard shortcuts",
  about: "This list",
  icon: "keyboard",
  shortcut: "?",
  place: "corner",
  offered: () => "offered",
  perform: ({ store }) => store.getState().showOverlay("shortcuts"),
};

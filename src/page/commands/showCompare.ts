import type { Command } from "./command";

export const showCompare: Command = {
  id: "showCompare",
  label: "Compare view",
  about: "Compare view",
  shortcut: "c",
  offered: () => "offered",
  perform: ({ showView }) => showView("compare"),
};

import type { Command } from "./command";

export const showData: Command = {
  id: "showData",
  label: "Data view",
  about: "Data view",
  shortcut: "d",
  offered: () => "offered",
  perform: ({ showView }) => showView("data"),
};

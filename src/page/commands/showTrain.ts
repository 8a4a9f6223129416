import type { Command } from "./command";

export const showTrain: Command = {
  id: "showTrain",
  label: "Train view",
  about: "Train view",
  shortcut: "t",
  offered: () => "offered",
  perform: ({ showView }) => showView("train"),
};

import type { Command } from "./command";

export const showAnalyse: Command = {
  id: "showAnalyse",
  label: "Analyse view",
  about: "Analyse view",
  shortcut: "a",
  offered: () => "offered",
  perform: ({ showView }) => showView("analyse"),
};

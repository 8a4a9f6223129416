import type { Command } from "./command";

export const cancelCaching: Command = {
  id: "cancelCaching",
  label: "Cancel",
  about: "Cancel the run before its first step; what is cached is kept",
  icon: "close",
  place: "beside",
  offered: ({ run }) => (run.phase === "caching" ? "offered" : "hidden"),
  perform: ({ run }) => run.press("stop"),
};

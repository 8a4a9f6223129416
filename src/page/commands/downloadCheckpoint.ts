import { selectActive } from "../store/selectors";
import type { Command } from "./command";

export const downloadCheckpoint: Command = {
  id: "downloadCheckpoint",
  label: "Download checkpoint",
  about: "Save the newest full state as a safetensors file",
  offered: (state) =>
    state.run.checkpoint !== null || (selectActive(state) && state.run.phase !== "caching")
      ? "offered"
      : "hidden",
  perform: ({ saveCheckpoint }) => saveCheckpoint(),
};

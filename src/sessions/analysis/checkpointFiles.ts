import type { Experiment } from "../../common/config/experiment";
import { sha256Hex } from "../../common/formats/sha256";
import type { OpenedCheckpoint } from "../../common/protocol/analysis";
import { checkedCheckpoint, type CheckpointFile } from "./analysisSubject";

/** Checkpoint files the user opened, by their SHA-256, until they are closed. */
export interface CheckpointFiles {
  /**
   * @param settings what a published model's weights are looked at on
   * @throws StudioError what `checkedCheckpoint` throws
   */
  readonly open: (
    name: string,
    bytes: ArrayBuffer,
    settings: Experiment,
  ) => Promise<OpenedCheckpoint>;
  readonly close: (fileId: string) => void;
  readonly held: ReadonlyMap<string, CheckpointFile>;
}

export function createCheckpointFiles(): CheckpointFiles {
  const held = new Map<string, CheckpointFile>();
  return {
    open: async (name, bytes, settings) => {
      const { step, experiment, timeline } = checkedCheckpoint(bytes, settings);
      const about = { fileId: await sha256Hex(bytes), name, step, experiment, timeline };
      held.set(about.fileId, { about, bytes });
      return about;
    },
    close: (fileId) => {
      held.delete(fileId);
    },
    held,
  };
}

import { open } from "node:fs/promises";
import { fromRepaArgs } from "../../src/common/config/repaArgs";
import { decodeRunFile } from "../../src/common/config/runFile";
import { decodeLink } from "../../src/common/config/urlCodec";
import { validateExperiment } from "../../src/common/config/validate";
import { readHead } from "../../src/common/formats/chunkPlan";
import { ofCommand, ofShared, type Findings } from "./report";

/** What needs no browser: links, saved experiments, commands and files of tensors. Each throws a StudioError. */

/** @param text "#/run?x=..." or a whole address with it */
export function inspectLink(text: string): Findings {
  const { experiment, timeline, issues } = decodeLink(text.slice(Math.max(0, text.indexOf("#"))));
  return ofShared(experiment, timeline, [...issues, ...validateExperiment(experiment, timeline)]);
}

export function inspectRunFile(text: string): Findings {
  const { experiment, timeline, issues } = decodeRunFile(text);
  return ofShared(experiment, timeline, [...issues, ...validateExperiment(experiment, timeline)]);
}

export function inspectCommand(text: string): Findings {
  const { experiment, issues } = fromRepaArgs(text);
  return ofCommand(experiment, [...issues, ...validateExperiment(experiment)]);
}

const PIECE_BYTES = 2 ** 20;

/** The header alone is read, as a download does. */
export async function inspectTensors(path: string, bytes: number): Promise<Findings> {
  const file = await open(path);
  try {
    const { header } = await readHead({
      name: path,
      bytes,
      async *read({ first, end }) {
        for (let at = first; at < end;) {
          const piece = new Uint8Array(Math.min(PIECE_BYTES, end - at));
          const { bytesRead } = await file.read(piece, 0, piece.length, at);
          if (bytesRead === 0) return;
          yield piece.subarray(0, bytesRead);
          at += bytesRead;
        }
      },
    });
    const { entries, foreign, problems } = header;
    const dtypes = [...new Set([...entries, ...foreign].map(({ dtype }) => dtype))].sort();
    return { ok: true, tensors: entries.length + foreign.length, dtypes, problems };
  } finally {
    await file.close();
  }
}

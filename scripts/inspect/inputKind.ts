import { open, readFile, stat } from "node:fs/promises";
import { holdsResults } from "../../src/common/resultFiles/openResults";
import { imageHeader } from "../../src/sources/data/imageHeader";
import { isImagePath, unreadKind } from "../../src/sources/data/imageKinds";
import { withFileSource } from "../resultFiles/fileSource";
import type { InputKind } from "./report";

/** An input and what it was taken for. */
export interface KnownInput {
  readonly kind: InputKind;
  /** Whether it is a file or a folder that is there. */
  readonly exists: boolean;
  /** Bytes of a file; 0 for others. */
  readonly bytes: number;
  /** What it says: of a command, a link or a saved experiment. */
  readonly text: string;
}

const HEAD_BYTES = 65_536;
/** A saved experiment has at most 8 MB; larger JSON is told so by the studio itself. */
const MAX_TEXT_BYTES = 16_000_000;

async function headOf(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** A safetensors file begins with the length of its header and the header's brace. */
function isSafetensors(head: Uint8Array, path: string): boolean {
  if (/\.safetensors$/i.test(path)) return true;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  return head.length > 9 && head[8] === 0x7b && view.getUint32(4, true) === 0;
}

function fileKind(head: Uint8Array, path: string): InputKind {
  const start = new TextDecoder("latin1").decode(head.subarray(0, 4));
  if (start.startsWith("PK")) return "zip";
  if (start === "PAR1") return "parquet";
  if (imageHeader(head) || unreadKind(head) !== undefined || isImagePath(path)) return "image";
  if (isSafetensors(head, path)) return "safetensors";
  if (/\.zip$/i.test(path)) return "zip";
  if (/\.parquet$/i.test(path)) return "parquet";
  const text = new TextDecoder().decode(head).trimStart();
  if (/\.json$/i.test(path) || text.startsWith("{")) return "run-file";
  if (/^\S*#\/run\?/.test(text)) return "link";
  const isScript = /\.(txt|sh|bash|slurm|cmd|bat|ps1)$/i.test(path) || text.includes("train.py");
  return isScript && /(^|\s)\S{1,3}[a-z]/i.test(text) && !text.includes("\0")
    ? "command"
    : "unknown";
}

const withText: readonly InputKind[] = ["run-file", "command", "link"];

/** What an argument is: a file or a folder that is there, else a link or a command. */
export async function inputKind(input: string): Promise<KnownInput> {
  const found = await stat(input).catch(() => null);
  if (found?.isDirectory()) return { kind: "folder", exists: true, bytes: 0, text: "" };
  if (!found) {
    const isLink = /^(https?:\/\/|#)/i.test(input.trim()) || input.includes("#/run?");
    if (isLink) return { kind: "link", exists: false, bytes: 0, text: input.trim() };
    const isCommand = /(^|\s)[-\u2010-\u2015\u2212]{1,2}[a-z]/i.test(input);
    return { kind: isCommand ? "command" : "unknown", exists: false, bytes: 0, text: input };
  }
  const { size: bytes } = found;
  const named = fileKind(await headOf(input), input);
  const isResults = named === "zip" && (await withFileSource(input, holdsResults));
  const kind = isResults ? "results" : named;
  const small = withText.includes(kind) && bytes <= MAX_TEXT_BYTES;
  return { kind, exists: true, bytes, text: small ? await readFile(input, "utf8") : "" };
}

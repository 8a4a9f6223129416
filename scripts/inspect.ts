/**
 * `npm run inspect -- INPUT...`: what the studio makes of files, folders, links and commands, by the page's own code: one
 * JSON object a line. Images go through the built page's worker in headless Chromium.
 */
import { basename, resolve } from "node:path";
import { StudioError } from "../src/common/errors/studioError";
import { runFileRefusal } from "../src/common/config/runFile";
import { openInspector, type ImageInspector } from "./inspect/browserInputs";
import { inputKind, type KnownInput } from "./inspect/inputKind";
import { readInspectOptions, USAGE, type InspectCommand } from "./inspect/options";
import { inspectCommand, inspectLink, inspectRunFile, inspectTensors } from "./inspect/plainInputs";
import { failure, ofImages, type Findings } from "./inspect/report";
import { inspectResults } from "./inspect/resultsInput";

/** Opens the browser at the first input that needs one. */
function lazyInspector() {
  let opened: Promise<ImageInspector> | undefined;
  return {
    get: () => (opened ??= openInspector()),
    close: async () => (await opened)?.close(),
  };
}

type Browser = ReturnType<typeof lazyInspector>;

async function inspectImageInput(
  input: string,
  { kind }: KnownInput,
  { split, orientation }: InspectCommand,
  browser: Browser,
): Promise<Findings> {
  const how = kind === "folder" ? "folder" : kind === "image" ? "images" : "archives";
  const path = resolve(input);
  const options = { name: basename(path), split, orientation };
  const outcome = await (await browser.get()).inspect(how, path, options);
  return outcome.ok ? ofImages(outcome.value) : { ok: false, ...outcome.failure };
}

async function findingsOf(
  input: string,
  known: KnownInput,
  command: InspectCommand,
  browser: Browser,
): Promise<Findings> {
  switch (known.kind) {
    case "link":
      return inspectLink(known.text.trim());
    case "run-file": {
      const refusal = runFileRefusal(known.bytes);
      if (refusal) throw refusal;
      return inspectRunFile(known.text);
    }
    case "command":
      return inspectCommand(known.text);
    case "results":
      return inspectResults(input);
    case "safetensors":
      return inspectTensors(input, known.bytes);
    case "unknown":
      if (known.exists) return inspectImageInput(input, known, command, browser);
      throw new StudioError(
        "BAD_CONFIG",
        `"${input.slice(0, 200)}" is no file or folder that is there, no link and no command.`,
        "Give a path, a share link, or a command line of the reference's trainer in quotes.",
      );
    default:
      return inspectImageInput(input, known, command, browser);
  }
}

async function inspectAll(command: InspectCommand): Promise<boolean> {
  const browser = lazyInspector();
  let allOk = true;
  try {
    for (const input of command.inputs) {
      const known = await inputKind(input);
      const findings = await findingsOf(input, known, command, browser).catch(failure);
      const { ok, ...rest } = findings;
      console.log(JSON.stringify({ input, kind: known.kind, ok, ...rest }));
      allOk &&= ok;
    }
  } finally {
    await browser.close();
  }
  return allOk;
}

const command = readInspectOptions(process.argv.slice(2));
if (command === null) {
  console.error(USAGE);
  process.exitCode = process.argv.includes("--help") ? 0 : 2;
} else process.exitCode = (await inspectAll(command)) ? 0 : 1;

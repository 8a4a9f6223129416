import { parseArgs } from "node:util";

export const USAGE = `npm run inspect -- INPUT...
  What the studio makes of each input, a line of JSON each. An input is a folder, a zip or parquet file, an image, a
  safetensors file, a file of results (.zip), a saved experiment (.json), a share link (#/run?x=... or a whole address)
  or a command line of the reference's trainer, in quotes.
  --split NAME         of a source with several splits: the one to take, or "all"
  --orientation WHICH  "stored" (as the reference's loader does, the default) or "exif"
  --help               print this
  Exit code 0 when all are ok, 1 when one is not, 2 when nothing was given.`;

export interface InspectCommand {
  readonly inputs: readonly string[];
  readonly split: string | undefined;
  readonly orientation: "stored" | "exif";
}

/** @returns null when only the usage is asked for, or nothing is given. @throws TypeError for another option */
export function readInspectOptions(args: readonly string[]): InspectCommand | null {
  // a command line of the trainer begins with dashes as well: our options come first and are taken by name
  const own = ["--split", "--orientation", "--help"];
  const at = args.findIndex(
    (arg, i) =>
      !own.some((name) => arg === name || arg.startsWith(`${name}=`)) &&
      !["--split", "--orientation"].includes(args[i - 1] ?? ""),
  );
  const [options, inputs] = at < 0 ? [args, []] : [args.slice(0, at), args.slice(at)];
  const { values } = parseArgs({
    args: [...options],
    options: {
      split: { type: "string" },
      orientation: { type: "string", default: "stored" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help || inputs.length === 0) return null;
  return {
    inputs,
    split: values.split,
    orientation: values.orientation === "exif" ? "exif" : "stored",
  };
}

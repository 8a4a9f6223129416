import { parseArgs } from "node:util";
import { StudioError } from "../../src/common/errors/studioError";

export const USAGE = `npm run faults -- [options]
  --rounds N   kills in all (default 20)
  --seed S     decides when and how each kill comes (default 1)
  --out DIR    where the campaign is kept (default .cache/faults); the same command goes on where it was cut
  --help       print this`;

export interface FaultOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly out: string;
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new StudioError("BAD_CONFIG", `--${name} is "${text}", not a whole number.`, USAGE);
}

/** @returns null when only the usage is asked for. @throws StudioError BAD_CONFIG */
export function readFaultOptions(args: readonly string[]): FaultOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: "20" },
      seed: { type: "string", default: "1" },
      out: { type: "string", default: ".cache/faults" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  return {
    rounds: wholeNumber("rounds", values.rounds),
    seed: wholeNumber("seed", values.seed),
    out: values.out,
  };
}

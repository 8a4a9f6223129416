import { parseArgs } from "node:util";
import { StudioError } from "../../src/common/errors/studioError";
import { TROUBLES, type TroubleKind } from "./trouble";

export const USAGE = `npm run faults -- [options]
  --rounds N   kills in all (default 20)
  --seed S     decides when and how each kill comes (default 1)
  --trouble K  only this kind of trouble, in every second life: ${TROUBLES.join(", ")}
  --out DIR    where the campaign is kept (default .cache/faults); the same command goes on where it was cut.
               "disk full" happens only on a disk below 1 GB, which is filled: mount -t tmpfs -o size=300m tmpfs DIR
  --help       print this`;

export interface FaultOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly out: string;
  /** The only kind of trouble; null: all. */
  readonly trouble: TroubleKind | null;
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new StudioError("BAD_CONFIG", `--${name} is "${text}", not a whole number.`, USAGE);
}

function troubleOf(text: string | undefined): TroubleKind | null {
  if (text === undefined) return null;
  const kind = TROUBLES.find((one) => one === text);
  if (kind) return kind;
  throw new StudioError("BAD_CONFIG", `--trouble is "${text}".`, USAGE);
}

/** @returns null when only the usage is asked for. @throws StudioError BAD_CONFIG */
export function readFaultOptions(args: readonly string[]): FaultOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: "20" },
      seed: { type: "string", default: "1" },
      out: { type: "string", default: ".cache/faults" },
      trouble: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  return {
    rounds: wholeNumber("rounds", values.rounds),
    seed: wholeNumber("seed", values.seed),
    out: values.out,
    trouble: troubleOf(values.trouble),
  };
}

import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { ADAPTERS } from "../../scripts/node/adapters";
import { StudioError } from "../../src/common/errors/studioError";
import { STAGE_NAMES, type StageName } from "./stage";

export const USAGE = `./gpu-check --out DIR [options]
Checks and measures the studio's WebGPU kernels on this machine. Exit code 0 only when they are right.
  --out DIR        where results go (created): a JSON file a stage, summary.txt, a screenshot
  --budget SECONDS time for all stages together (default 480)
  --only NAMES     some of: ${STAGE_NAMES.join(", ")}
  --adapter NAME   the Vulkan driver: default (what the system has), lavapipe or swiftshader
  --checkout DIR   a checkout of the project, for what a lean pack leaves out
  --help           this text
Stages, each in a process of its own within its share of the time:
  adapter   name, driver, features, limits, and the start as the page does it
  right     every kernel beside its plain meaning, the model beside reference numbers, bits that repeat
  ceilings  memory rate, square products by tile and precision
  steps     training steps: plain tfjs, fused, replayed, mixed precision, and PyTorch where it is installed
  evidence  the preset First minute with and without alignment, in pairs of seeds
  browser   a first visit of the page in Chromium, where there is one`;

export interface CheckOptions {
  readonly out: string;
  readonly budgetMs: number;
  readonly stages: readonly StageName[];
  readonly adapter: string;
  readonly checkout: string | undefined;
  /** Set in the process of one stage: which, and how long it may take. */
  readonly child: { readonly stage: StageName; readonly limitMs: number } | undefined;
}

const refuse = (message: string) => new StudioError("BAD_CONFIG", message, USAGE);

function seconds(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return 1000 * value;
  throw refuse(`--${name} must be a number of seconds above 0, got "${text}".`);
}

function stageNamed(text: string): StageName {
  const found = STAGE_NAMES.find((name) => name === text);
  if (found) return found;
  throw refuse(`There is no stage "${text}"; the stages are ${STAGE_NAMES.join(", ")}.`);
}

/** @returns "help" when the text was asked for. @throws StudioError BAD_CONFIG naming what is wrong */
export function readCheckOptions(args: readonly string[]): CheckOptions | "help" {
  const { values } = (() => {
    try {
      return parseArgs({
        args: [...args],
        options: {
          out: { type: "string" },
          budget: { type: "string", default: "480" },
          only: { type: "string" },
          adapter: { type: "string", default: "default" },
          checkout: { type: "string" },
          stage: { type: "string" }, // of a child
          limit: { type: "string", default: "60" },
          help: { type: "boolean", default: false },
        },
      });
    } catch (thrown) {
      throw refuse(thrown instanceof Error ? thrown.message : String(thrown));
    }
  })();
  if (values.help) return "help";
  if (values.out === undefined) throw refuse("--out DIR is missing.");
  if (!ADAPTERS.includes(values.adapter)) {
    throw refuse(`--adapter must be one of ${ADAPTERS.join(", ")}, got "${values.adapter}".`);
  }
  const names = values.only?.split(",").map(stageNamed) ?? STAGE_NAMES;
  return {
    out: resolve(values.out),
    budgetMs: seconds("budget", values.budget),
    stages: STAGE_NAMES.filter((name) => names.includes(name)),
    adapter: values.adapter,
    checkout: values.checkout === undefined ? undefined : resolve(values.checkout),
    child: values.stage
      ? { stage: stageNamed(values.stage), limitMs: seconds("limit", values.limit) }
      : undefined,
  };
}

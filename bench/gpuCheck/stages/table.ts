import type { Stage, StageName } from "../stage";
import { adapter } from "./adapter";
import { browser } from "./browser";
import { ceilings } from "./ceilings";
import { evidence } from "./evidence";
import { right } from "./right";
import { steps } from "./steps";

/** One file a stage; the order of STAGE_NAMES is the order they run in. */
export const STAGES: Readonly<Record<StageName, Stage>> = {
  adapter,
  right,
  ceilings,
  steps,
  evidence,
  browser,
};

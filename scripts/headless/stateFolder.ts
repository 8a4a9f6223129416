import { existsSync } from "node:fs";
import { join } from "node:path";
import type { HeadlessOptions } from "./options";

/** Where a run's state is, and whether it is ours to remove once the run is finished. */
export interface StateFolder {
  readonly path: string;
  readonly temporary: boolean;
}

/** The folder given by hand, or one in the results: `profile` where an earlier version left one, else `state`. */
export function stateFolder({
  state,
  out,
  runtime,
}: Pick<HeadlessOptions, "state" | "out" | "runtime">): StateFolder {
  if (state !== null) return { path: state, temporary: false };
  const [now, before] = [join(out, "state"), join(out, "profile")];
  const old = runtime === "browser" && !existsSync(now) && existsSync(before);
  return { path: old ? before : now, temporary: true };
}

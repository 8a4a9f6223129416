import { replay, type Recording } from "../kernels/commands";
import type { PlanPool } from "../kernels/planPool";
import type { StudioBackend } from "../kernels/studioBackend";

/** How a run of a program was done. */
export type RunKind =
  /** Encoded operation by operation; what was dispatched, and how long each buffer was needed, is noted. */
  | "traced"
  /** The same, and the commands are kept. */
  | "recorded"
  /** The kept commands are submitted again. */
  | "replayed"
  /** Encoded operation by operation, because two runs differed or replaying is off. */
  | "encoded";

export interface Program {
  readonly run: () => RunKind;
  /** Frees what the recording holds; the program must not run again. */
  readonly dispose: () => void;
}

interface Plan {
  readonly recording: Recording;
  readonly pool: PlanPool;
}

const sameSignature = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((line, i) => line === b[i]);

/**
 * A computation that is encoded twice and then replayed, if both times had the same dispatches with the same uniforms
 * and the same uploaded constants. If they differ, something in it depends on the step, and it is encoded anew every
 * time.
 * @param body reads its inputs from, and leaves its results in, tensors that outlive it; returns nothing and
 *   leaves no tensor behind
 * @param replays false: it is encoded anew every time, for comparison
 */
export function createProgram(backend: StudioBackend, body: () => void, replays: boolean): Program {
  let before: { readonly signature: readonly string[]; readonly pool: PlanPool } | undefined;
  let plan: Plan | undefined;
  let possible = replays;

  const trace = () => {
    const { recording, pool } = backend.record(body);
    before = { signature: recording.signature, pool };
    pool.dispose(); // submitted commands keep the buffers they use
  };
  const record = (): RunKind => {
    const { recording, pool } = backend.record(body, before?.pool.lifetimes());
    possible = sameSignature(recording.signature, before?.signature ?? []);
    before = undefined;
    if (possible) {
      plan = { recording, pool };
      backend.account(pool.numBytesAllocated);
    } else pool.dispose();
    return "recorded";
  };

  return {
    run: () => {
      if (plan) {
        backend.flush(); // submits what was encoded before
        replay(backend.device, plan.recording.commands);
        return "replayed";
      }
      if (!possible) {
        body();
        return "encoded";
      }
      if (before) return record();
      trace();
      return "traced";
    },
    dispose: () => {
      if (plan) backend.account(-plan.pool.numBytesAllocated);
      plan?.pool.dispose();
      plan = undefined;
      possible = false;
    },
  };
}

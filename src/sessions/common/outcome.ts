import { toFailure } from "../../common/errors/studioError";
import type { Outcome } from "../../common/protocol/shared";

/** Runs `work` and answers with its value or its failure as plain data, which survives the worker boundary. */
export async function outcomeOf<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (thrown) {
    return { ok: false, failure: toFailure(thrown) };
  }
}

import { toFailure } from "../../common/errors/studioError";
import type { Outcome } from "../../common/protocol/shared";

/** Runs `work`. @returns its value or its failure as plain data, which crosses between workers whole */
export async function outcomeOf<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (thrown) {
    return { ok: false, failure: toFailure(thrown) };
  }
}

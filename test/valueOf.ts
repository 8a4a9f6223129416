import type { Outcome } from "../src/common/protocol/shared";

/** What a call gave. @throws with its code and message where it failed */
export function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw new Error(`${outcome.failure.code}: ${outcome.failure.message}`);
}

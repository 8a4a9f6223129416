import type { BenchRequest } from "../../common/protocol/bench";

/** The models most people train first. */
const DEFAULT_WORKLOAD = "nano";

/**
 * What `?bench&workload=ID&batch=N&steps=N` asks for; undefined when the address is not of the bench. A count that
 * is none is left to the adapter; an unknown workload is named when it is measured.
 */
export function readBenchAddress(search: string): BenchRequest | undefined {
  const query = new URLSearchParams(search);
  if (!query.has("bench")) return undefined;
  const [batch, steps] = [countOf(query.get("batch")), countOf(query.get("steps"))];
  return {
    workload: query.get("workload") ?? DEFAULT_WORKLOAD,
    ...(batch !== undefined && { batch }),
    ...(steps !== undefined && { steps }),
  };
}

const countOf = (text: string | null): number | undefined =>
  text !== null && /^[1-9]\d{0,3}$/.test(text) ? Number(text) : undefined;

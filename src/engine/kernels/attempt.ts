const FILTERS = ["validation", "internal", "out-of-memory"] as const;

/** What came of work on the device, or the first line of what it complained of. */
export type Attempt<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);

/**
 * Runs `work`; what the device complains of meanwhile is its failure, as is what it throws, instead of an uncaptured
 * error, which would end everything. Nothing else may use the device meanwhile.
 */
export async function attempt<T>(device: GPUDevice, work: () => Promise<T>): Promise<Attempt<T>> {
  for (const filter of FILTERS) device.pushErrorScope(filter);
  const done = await work().then(
    (value): Attempt<T> => ({ ok: true, value }),
    (thrown: unknown): Attempt<T> => ({ ok: false, reason: messageOf(thrown) }),
  );
  // a lost device has no errors left to tell
  const scopes = FILTERS.map(() => device.popErrorScope().catch(() => null));
  const complaint = (await Promise.all(scopes)).find((error) => error !== null);
  const result: Attempt<T> = complaint ? { ok: false, reason: complaint.message } : done;
  return result.ok ? result : { ok: false, reason: result.reason.split("\n", 1)[0] ?? "" };
}

const FILTERS = ["validation", "internal", "out-of-memory"] as const;

/** The result of work on the device, or the first line of the error it gave. */
export type Attempt<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);

/**
 * Runs `work`. What it throws, and what the device reports meanwhile, is returned as its failure. Without this, an
 * error that the device reports is uncaptured, which ends everything. Nothing else may use the device meanwhile.
 */
export async function attempt<T>(device: GPUDevice, work: () => Promise<T>): Promise<Attempt<T>> {
  for (const filter of FILTERS) device.pushErrorScope(filter);
  const done = await work().then(
    (value): Attempt<T> => ({ ok: true, value }),
    (thrown: unknown): Attempt<T> => ({ ok: false, reason: messageOf(thrown) }),
  );
  // a lost device reports no errors any more
  const scopes = FILTERS.map(() => device.popErrorScope().catch(() => null));
  const complaint = (await Promise.all(scopes)).find((error) => error !== null);
  const result: Attempt<T> = complaint ? { ok: false, reason: complaint.message } : done;
  return result.ok ? result : { ok: false, reason: result.reason.split("\n", 1)[0] ?? "" };
}

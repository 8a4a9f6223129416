import { z } from "zod";
import { Experiment, TimelineEntry } from "../config/experiment";
import type { Database } from "./db";
import { storageError } from "./quota";
import { DURABLE, inTransaction } from "./transaction";

/** A run that waits for its turn. */
const QueuedRun = z.object({
  /** The run's id once it is begun. */
  runId: z.string(),
  name: z.string(),
  experiment: Experiment,
  timeline: z.array(TimelineEntry),
  /** Steps that it has taken, of a stored run that goes on; null: a new one. */
  from: z.int().min(0).nullable().default(null),
});
type Parsed = z.infer<typeof QueuedRun>;
export type QueuedRun = Readonly<Omit<Parsed, "timeline">> & {
  readonly timeline: readonly TimelineEntry[];
};

const KEY = "queue";
const Queue = z.array(z.unknown());

/** What waits, in order; an item that this version cannot read is left out. */
function readable(value: unknown): QueuedRun[] {
  const items = Queue.safeParse(value);
  return (items.data ?? []).flatMap((item) => QueuedRun.safeParse(item).data ?? []);
}

export const readQueue = async (db: Database): Promise<readonly QueuedRun[]> =>
  readable((await db.get("settings", KEY))?.value);

/**
 * Changes the queue in one transaction: tabs share it, and an item that one of them takes out is begun by that one alone.
 * @returns the queue before and after
 */
export async function changeQueue(
  db: Database,
  change: (queue: readonly QueuedRun[]) => readonly QueuedRun[],
): Promise<{ readonly before: readonly QueuedRun[]; readonly after: readonly QueuedRun[] }> {
  try {
    const tx = db.transaction("settings", "readwrite", DURABLE);
    return await inTransaction(tx, async () => {
      const before = readable((await tx.store.get(KEY))?.value);
      const after = change(before);
      await tx.store.put({ key: KEY, value: after });
      return { before, after };
    });
  } catch (cause) {
    throw storageError("saving the queue", cause);
  }
}

/**
 * For what is reported as stored: its transaction is complete when the disk has it, not when the operating system has. What
 * was written before it in the same database is then on the disk as well.
 */
export const DURABLE = { durability: "strict" } as const;

interface Transaction {
  readonly done: Promise<void>;
  readonly abort: () => void;
}

/**
 * Works in a transaction and waits until it is stored. All of it is stored or nothing: what fails in `work` ends it.
 * @throws what failed first; where the transaction had ended before `work` was done with it, why it ended
 */
export async function inTransaction<T>(tx: Transaction, work: () => Promise<T>): Promise<T> {
  try {
    // together: where a request fails, the transaction fails as well, and nobody would hear of the second
    const [found] = await Promise.all([work(), tx.done]);
    return found;
  } catch (thrown) {
    abort(tx);
    throw await firstFailure(tx, thrown);
  }
}

/** A request to a transaction that is over says only that; a closed database says the same of the connection. */
async function firstFailure({ done }: Transaction, thrown: unknown): Promise<unknown> {
  if (!(thrown instanceof DOMException) || thrown.name !== "InvalidStateError") return thrown;
  return done.then(
    () => thrown,
    (reason: unknown) => reason ?? thrown,
  );
}

/** Ends a transaction that may have ended by itself. */
export function abort(tx: Pick<Transaction, "abort">): void {
  try {
    tx.abort();
  } catch {
    // it is over: what failed in it ended it
  }
}

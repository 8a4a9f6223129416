import type { WorkerPool } from "./workers";

/** How long a worker may take to hear that it is to end. A step of a large model on the CPU keeps it busy meanwhile. */
export const HEARD_MS = 30_000;

/**
 * Waits until a worker has heard what it was told. What it then does takes as long as it takes.
 * @param told answers when it has heard; undefined where there is no worker
 * @returns whether it heard in time
 */
export async function heard(
  told: Promise<unknown> | undefined,
  heardMs = HEARD_MS,
): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), heardMs);
  });
  try {
    return await Promise.race([Promise.resolve(told).then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Tells running workers to end what they do. Those that do not hear it in time are ended: every call to them fails. */
export async function tellOrEnd<Workers>(
  pool: Pick<WorkerPool<Workers>, "current" | "end">,
  tell: (workers: Workers) => Promise<unknown>,
  heardMs = HEARD_MS,
): Promise<void> {
  const workers = pool.current();
  if (!workers || (await heard(tell(workers), heardMs))) return;
  if (pool.current() === workers) pool.end(); // others may have taken their place
}

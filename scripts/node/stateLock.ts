import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StudioError } from "../../src/common/errors/studioError";

const isRunning = (pid: number): boolean => {
  if (pid === process.pid) return false; // of an earlier process with our number: we hold one lock a folder
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return thrown instanceof Error && "code" in thrown && thrown.code === "EPERM";
  }
};

function take(path: string): boolean {
  try {
    writeFileSync(path, `${process.pid}\n`, { flag: "wx" });
    return true;
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST") return false;
    throw thrown;
  }
}

/**
 * Keeps other processes from writing the same state. The lock of a process that no longer runs is taken over.
 * @returns what gives the lock back
 * @throws StudioError STORAGE_UNAVAILABLE naming the process that holds it
 */
export function lockState(folder: string): () => void {
  const path = join(folder, "lock");
  if (!take(path)) {
    const holder = Number(readFileSync(path, "utf8"));
    if (isRunning(holder)) {
      throw new StudioError(
        "STORAGE_UNAVAILABLE",
        `The state in ${folder} is used by process ${holder}.`,
        `Wait for it to end, or give another --out or --state. If it is no run of this studio, delete ${path}.`,
      );
    }
    writeFileSync(path, `${process.pid}\n`);
  }
  return () => rmSync(path, { force: true });
}

/** Installing a Debian package beside whatever else uses apt. Plain Node, nothing imported from node_modules. */
import { readdirSync, readFileSync } from "node:fs";

/** Programs that hold apt's or dpkg's locks while they run, as /proc names them (15 characters at most). */
const LOCKERS = new Set(["apt", "apt-get", "aptitude", "dpkg", "unattended-upgr", "packagekitd"]);

/** A new machine's own updates take minutes. */
const PATIENCE_MS = 10 * 60_000;
const PAUSE_MS = 5_000;

/** Names of the running programs; none where there is no /proc. */
function runningPrograms() {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((id) => {
        try {
          return [readFileSync(`/proc/${id}/comm`, "utf8").trim()];
        } catch {
          return []; // it has ended since
        }
      });
  } catch {
    return [];
  }
}

/** Blocks this thread: set-up has nothing else to do. */
const sleep = (ms) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

const MACHINE = { runningPrograms, sleep, nowMs: () => Date.now() };

/**
 * Runs `attempt` again for as long as it fails while another program uses apt. `apt-get install` waits for the lock by
 * itself when told to, `apt-get update` does not.
 * @param {() => boolean} attempt
 * @param {typeof MACHINE} machine
 */
export function besideOtherApt(attempt, { runningPrograms, sleep, nowMs } = MACHINE) {
  const endMs = nowMs() + PATIENCE_MS;
  for (;;) {
    // asked before: the other may end between a refusal and the question
    const busy = runningPrograms().some((name) => LOCKERS.has(name));
    if (attempt()) return true;
    if (!busy || nowMs() >= endMs) return false;
    console.log("Another program is using apt; waiting for it ...");
    sleep(PAUSE_MS);
  }
}

/** Options with which `apt-get install` waits for dpkg's lock. */
export const WAIT_FOR_LOCK = ["-o", `DPkg::Lock::Timeout=${PATIENCE_MS / 1000}`];

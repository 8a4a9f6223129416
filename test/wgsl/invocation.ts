import type { Accesses } from "./accesses";
import type { Layout } from "./memory";
import { NotFollowed } from "./tokens";

/** A variable in memory that several invocations see and kernels write. */
export interface Region {
  readonly name: string;
  readonly space: "workgroup" | "storage";
  readonly layout: Layout;
  /** Its first element among those of all variables of its space. */
  readonly base: number;
}

/** What the invocations of one workgroup do to memory. */
export interface GroupLog {
  /** Accesses to workgroup memory after so many barriers. */
  readonly between: (barriers: number) => Accesses;
  /** Accesses to storage buffers: nothing orders them within a dispatch. */
  readonly storage: Accesses;
  /** What is wrong and no conflict of two invocations. */
  readonly report: (kind: "barrier" | "outside", where: string, message: string) => void;
}

/** More turns of loops than an invocation takes in any kernel of a test. */
const MOST_STEPS = 100_000;

/** One invocation, run by itself. What it loads from memory is unknown, so that other invocations do not matter. */
export class Invocation {
  /** Lines of the barriers it met. */
  readonly barriers: number[] = [];
  /** Above 0 where it depends on what memory holds whether this is run. */
  uncertain = 0;
  private steps = 0;
  /** Accesses to workgroup memory since the last barrier. */
  private shared: Accesses;
  private readonly number: number;
  private readonly log: GroupLog;

  constructor(number: number, log: GroupLog) {
    this.number = number;
    this.log = log;
    this.shared = log.between(0);
  }

  /** Of `size` elements from `first` on; of none if `first` is undefined. */
  read(region: Region, first: number | undefined, size: number): void {
    if (first === undefined) return;
    const accesses = region.space === "storage" ? this.log.storage : this.shared;
    for (let i = 0; i < size; i++) accesses.read(region.base + first + i, this.number);
  }

  /** As `read`. */
  write(region: Region, first: number | undefined, size: number): void {
    if (first === undefined) return;
    const accesses = region.space === "storage" ? this.log.storage : this.shared;
    for (let i = 0; i < size; i++) accesses.write(region.base + first + i, this.number);
  }

  outside(region: Region, index: number, line: number): void {
    const message = `Line ${line}: the index ${index} is past the end of ${region.name}.`;
    this.log.report("outside", region.name, message);
  }

  barrier(line: number): void {
    if (this.uncertain > 0) {
      const message = `Line ${line}: what memory holds decides whether an invocation meets this barrier.`;
      this.log.report("barrier", `line ${line}`, message);
    }
    this.barriers.push(line);
    this.shared = this.log.between(this.barriers.length);
  }

  /** Once for each turn of a loop. */
  step(line: number): void {
    if (++this.steps > MOST_STEPS) throw new NotFollowed("a loop that does not end", line);
  }
}

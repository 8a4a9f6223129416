import { Accesses } from "./accesses";
import { compileModule, type CompiledModule } from "./compileModule";
import { Invocation, type GroupLog, type Region } from "./invocation";
import { placeName } from "./memory";
import { parseModule } from "./parseModule";

/** One dispatch of a program whose text is WGSL. */
export interface Launch {
  readonly text: string;
  /** Of the uniform structure, by member; floats may be left out. */
  readonly uniforms: Readonly<Record<string, number>>;
  readonly workgroups: readonly [number, number, number];
  /** Length of each storage buffer the program writes, in elements of its array. */
  readonly elements: Readonly<Record<string, number>>;
}

export interface Finding {
  readonly kind:
    | "both write"
    | "one reads what the other writes"
    /** Not every invocation of a workgroup meets it. */
    | "barrier"
    /** An index past the end of an array. */
    | "outside";
  /** A variable, or the line of a barrier. */
  readonly where: string;
  /** The first case of this kind there. */
  readonly message: string;
}

/** Workgroups of a dispatch that are all run; of more, some are. */
const FEW_GROUPS = 4;

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** The workgroups that are run, of a dispatch of x by y by z. Of many: the first, its neighbours and the last. */
function groupsToRun([x, y, z]: Launch["workgroups"]): number[][] {
  const all = () =>
    range(z).flatMap((k) => range(y).flatMap((j) => range(x).map((i) => [i, j, k])));
  if (x * y * z <= FEW_GROUPS) return all();
  const few: [number, number, number][] = [
    [0, 0, 0],
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [x - 1, y - 1, z - 1],
  ];
  return few.filter(([i, j, k]) => i < x && j < y && k < z);
}

const sizeOf = (regions: readonly Region[], space: Region["space"]): number =>
  regions
    .filter((region) => region.space === space)
    .reduce((total, { layout }) => total + layout.size, 0);

/**
 * Runs the whole numbers and the control flow of some workgroups of a dispatch, each invocation by itself, and
 * compares which memory they touch. What is loaded from memory and what floats hold is unknown: where it decides,
 * both branches are run. So nothing that can happen in those workgroups is missed.
 * @throws NotFollowed where the text does more than that: a loop or an index that depends on what memory holds
 */
export const findRaces = (launch: Launch): Finding[] => new Run(launch).findings();

class Run {
  private readonly module: CompiledModule;
  private readonly launch: Launch;
  private readonly storage: Accesses;
  /** Of invocations, by their number. */
  private readonly names: string[] = [];
  private readonly found = new Map<string, Finding>();

  constructor(launch: Launch) {
    this.launch = launch;
    this.module = compileModule(parseModule(launch.text), launch.uniforms, launch.elements);
    this.storage = new Accesses(sizeOf(this.module.regions, "storage"));
  }

  findings(): Finding[] {
    for (const group of groupsToRun(this.launch.workgroups)) this.runGroup(group);
    this.reportConflicts(this.storage, "storage", "in one dispatch");
    return [...this.found.values()];
  }

  /** Runs all invocations of one workgroup and holds their barriers and accesses against each other. */
  private runGroup(group: readonly number[]): void {
    const elements = sizeOf(this.module.regions, "workgroup");
    /** By the number of barriers before them. */
    const phases: Accesses[] = [];
    const log = {
      between: (barriers: number) => (phases[barriers] ??= new Accesses(elements)),
      storage: this.storage,
      report: this.report,
    };
    const [x, y, z] = this.module.workgroupSize;
    let first: Invocation | undefined;
    for (const lane of range(x * y * z)) {
      const invocation = this.runInvocation(group, lane, log);
      first ??= invocation;
      const [others, own] = [first, invocation].map(
        ({ barriers }) => barriers.join(", ") || "none",
      );
      if (others === own) continue;
      const message = `Invocation 0 meets the barriers of lines ${others ?? ""}, ${lane} those of ${own ?? ""}.`;
      this.report("barrier", "all", message);
    }
    phases.forEach((accesses, i) => {
      this.reportConflicts(accesses, "workgroup", `after ${i} barriers`);
    });
  }

  private runInvocation(group: readonly number[], lane: number, log: GroupLog): Invocation {
    const { workgroupSize, run } = this.module;
    const [x, y] = workgroupSize;
    const local = [lane % x, Math.floor(lane / x) % y, Math.floor(lane / (x * y))];
    const global = local.map((at, i) => (group[i] ?? 0) * (workgroupSize[i] ?? 1) + at);
    const name = `invocation ${lane} of workgroup (${group.join(", ")})`;
    const invocation = new Invocation(this.names.push(name) - 1, log);
    run(invocation, { global, local, group, groups: this.launch.workgroups, lane });
    return invocation;
  }

  private readonly report = (kind: Finding["kind"], where: string, message: string): void => {
    const key = `${kind} ${where}`;
    if (!this.found.has(key)) this.found.set(key, { kind, where, message });
  };

  private reportConflicts(accesses: Accesses, space: Region["space"], when: string): void {
    const regions = this.module.regions.filter((region) => region.space === space);
    for (const { element, kind, invocations } of accesses.conflicts()) {
      const region = regions.findLast(({ base }) => base <= element);
      if (!region) continue;
      const place = placeName(region.name, region.layout, element - region.base);
      const [one = "", other = ""] = invocations.map((number) => this.names[number]);
      const what =
        kind === "both write"
          ? `${one} and ${other} both write it`
          : `${one} reads it and ${other} writes it`;
      this.report(kind, region.name, `${place}, ${when}: ${what}.`);
    }
  }
}

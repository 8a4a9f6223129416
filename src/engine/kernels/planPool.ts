import { internalError } from "./internalError";
import type { BufferPool } from "./tfjsWebGpu";

/** When a buffer of a step was in use, in acquisitions and releases since the step began. */
export interface Lifetime {
  readonly size: number;
  readonly usage: number;
  readonly from: number;
  readonly until: number;
}

/** A buffer that serves several tensors, one after the other. */
interface Slot {
  readonly size: number;
  readonly usage: number;
}

/**
 * Which slot each lifetime gets, so that slots are few and small. The largest come first, and each gets the smallest
 * slot that is free during its whole lifetime.
 */
export function assignSlots(lifetimes: readonly Lifetime[]): {
  readonly slots: readonly Slot[];
  readonly slotOf: readonly number[];
} {
  const slots: (Slot & { readonly taken: Lifetime[] })[] = [];
  const slotOf: number[] = [];
  const largestFirst = lifetimes.map((_, i) => i);
  const sizeOf = (i: number) => lifetimes[i]?.size ?? 0;
  largestFirst.sort((a, b) => sizeOf(b) - sizeOf(a) || a - b);
  for (const i of largestFirst) {
    const life = lifetimes[i];
    if (!life) continue;
    // slots were made largest first: the last that is free is the smallest
    let slot = slots.findLastIndex(
      ({ usage, taken }) =>
        usage === life.usage &&
        taken.every(({ from, until }) => until < life.from || life.until < from),
    );
    if (slot < 0) slot = slots.push({ size: life.size, usage: life.usage, taken: [] }) - 1;
    slots[slot]?.taken.push(life);
    slotOf[i] = slot;
  }
  return { slots, slotOf };
}

/**
 * The buffers of one recorded step. tfjs' pool reuses a buffer for tensors of the same size only. This pool knows from
 * an earlier step how long each tensor is needed, and reuses a buffer for smaller tensors as well. A tensor that is not
 * as foreseen gets a buffer of its own.
 */
export class PlanPool implements BufferPool {
  numBytesUsed = 0;
  numBytesAllocated = 0;
  numFreeBuffers = 0;
  readonly freeBuffers: ReadonlyMap<string, GPUBuffer[]> = new Map<string, GPUBuffer[]>();
  private readonly plan: ReturnType<typeof assignSlots>;
  private readonly bySlot = new Map<number, GPUBuffer>();
  private readonly all = new Set<GPUBuffer>();
  private readonly used = new Map<GPUBuffer, number>();
  private readonly lives: { size: number; usage: number; from: number; until: number }[] = [];
  private clock = 0;

  /** @param foreseen lifetimes of the same step before; without them every tensor gets a buffer of its own size */
  constructor(
    private readonly device: GPUDevice,
    private readonly foreseen: readonly Lifetime[] = [],
  ) {
    this.plan = assignSlots(foreseen);
  }

  /** @param reuse false: no other tensor gets the buffer, because it is written only when the step is recorded */
  acquireBuffer(size: number, usage: number, mappedAtCreation = false, reuse = true): GPUBuffer {
    const from = reuse ? this.clock++ : -Infinity;
    const number = this.lives.push({ size, usage, from, until: Infinity }) - 1;
    const shared = reuse && !mappedAtCreation ? this.planned(number, size, usage) : undefined;
    const buffer = shared ?? this.create(size, usage, mappedAtCreation);
    this.used.set(buffer, number);
    this.numBytesUsed += buffer.size;
    return buffer;
  }

  releaseBuffer(buffer: GPUBuffer, reuse = true): void {
    const life = this.lives[this.used.get(buffer) ?? -1];
    if (!life) throw internalError(`A buffer of ${buffer.size} bytes is not of this plan.`);
    this.used.delete(buffer);
    this.numBytesUsed -= buffer.size;
    life.until = this.clock++;
    if (!reuse || this.foreseen.length === 0) this.destroy(buffer);
  }

  /** The lifetimes of this step's buffers, to plan the next recording of the same step. */
  lifetimes(): readonly Lifetime[] {
    return this.lives;
  }

  dispose(): void {
    for (const buffer of this.all) this.destroy(buffer);
    this.used.clear();
    this.numBytesUsed = 0;
  }

  private planned(number: number, size: number, usage: number): GPUBuffer | undefined {
    const before = this.foreseen[number];
    const at = this.plan.slotOf[number];
    const slot = at === undefined ? undefined : this.plan.slots[at];
    if (!slot || at === undefined || before?.size !== size || before.usage !== usage) return;
    const known = this.bySlot.get(at);
    if (known) return this.used.has(known) ? undefined : known;
    const buffer = this.create(slot.size, usage, false);
    this.bySlot.set(at, buffer);
    return buffer;
  }

  private create(size: number, usage: number, mappedAtCreation: boolean): GPUBuffer {
    const buffer = this.device.createBuffer({ size, usage, mappedAtCreation });
    this.all.add(buffer);
    this.numBytesAllocated += size;
    return buffer;
  }

  private destroy(buffer: GPUBuffer): void {
    if (!this.all.delete(buffer)) return;
    this.numBytesAllocated -= buffer.size;
    buffer.destroy();
  }
}

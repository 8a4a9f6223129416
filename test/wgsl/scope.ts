import type { Invocation, Region } from "./invocation";
import type { Module } from "./syntax";
import type { Value, ValueType } from "./values";

/** A function's variables while an invocation is in it. */
export interface Frame {
  readonly invocation: Invocation;
  /** Of variables whose values are followed. */
  slots: Value[];
  /** Variables as they were where a branch may have left the innermost loop's turn, or the loop. */
  left: { readonly turn: Value[][]; readonly loop: Value[][] };
  result: Value;
}

/** An expression made ready to run. */
export interface Code {
  readonly type: ValueType;
  /** Whether running it touches memory or meets a barrier; if not, only its value matters. */
  readonly effects: boolean;
  readonly run: (frame: Frame) => Value;
}

/** A function made ready to run. */
export interface FunctionCode {
  readonly type: ValueType;
  readonly effects: boolean;
  readonly call: (invocation: Invocation, args: readonly Value[]) => Value;
}

/** What a name stands for. */
export type Meaning =
  | { readonly kind: "slot"; readonly slot: number; readonly type: ValueType }
  /** A vec3u whose components are followed, in three slots. */
  | { readonly kind: "triple"; readonly slot: number }
  /** Floats, vectors, buffers that are only read. */
  | { readonly kind: "unknown" }
  | { readonly kind: "memory"; readonly region: Region }
  | { readonly kind: "uniforms"; readonly values: ReadonlyMap<string, Code> }
  | { readonly kind: "constant"; readonly code: Code };

/** What the text of one function is compiled with. */
export interface Unit {
  readonly module: Module;
  readonly functionOf: (name: string) => FunctionCode | undefined;
  /** The function's number of slots so far. */
  slots: number;
  /** Whether something in it touches memory or meets a barrier. */
  effects: boolean;
}

/** Names by block; the inner ones hide the outer ones. */
export class Scope {
  readonly unit: Unit;
  private readonly names = new Map<string, Meaning>();
  private readonly outer: Scope | undefined;

  constructor(unit: Unit, outer?: Scope) {
    this.unit = unit;
    this.outer = outer;
  }

  inner(): Scope {
    return new Scope(this.unit, this);
  }

  find(name: string): Meaning | undefined {
    return this.names.get(name) ?? this.outer?.find(name);
  }

  define(name: string, meaning: Meaning): void {
    this.names.set(name, meaning);
  }

  /** Gives a variable of this type a slot, if its values are followed. */
  declare(name: string, type: ValueType): Meaning {
    const meaning: Meaning =
      type === "unknown" ? { kind: "unknown" } : { kind: "slot", slot: this.unit.slots++, type };
    this.define(name, meaning);
    return meaning;
  }
}

export const constant = (type: ValueType, value: Value): Code => ({
  type,
  effects: false,
  run: () => value,
});

/** Of no value that is followed; runs those of its parts that do something. */
export function unknown(parts: readonly Code[] = []): Code {
  const busy = parts.filter(({ effects }) => effects);
  return {
    type: "unknown",
    effects: busy.length > 0,
    run: (frame) => {
      for (const part of busy) part.run(frame);
      return undefined;
    },
  };
}

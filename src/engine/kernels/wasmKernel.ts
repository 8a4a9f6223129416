import {
  add,
  firstOf,
  int,
  and,
  load4,
  loadFirst,
  loadFloat,
  loadInt,
  type Assembly,
  type Body,
  type Callee,
  type I32,
  type Type,
  type V128,
  type Variable,
} from "./wasmAssembler";

/** Words of a kernel's arguments in memory, in this order. */
export type ArgumentTypes = Readonly<Record<string, "i32" | "f32">>;

export type ArgumentsOf<Types extends ArgumentTypes> = {
  readonly [Name in keyof Types]: Variable<Types[Name]>;
};

/** What every kernel can use. */
export interface KernelTools {
  /** Index of the part to compute. */
  readonly part: Variable<"i32">;
  /** Memory that is this thread's alone. */
  readonly scratch: Variable<"i32">;
  /** The product on one thread (wasmProductCode.ts). */
  readonly product: Callee;
}

/** Part of a computation that threads share: it is called with the index of each part. */
export interface WasmKernel<Types extends ArgumentTypes = ArgumentTypes> {
  readonly name: string;
  readonly types: Types;
  readonly add: (assembly: Assembly, product: Callee) => void;
}

/** Arguments of every kernel: where its own lie, which part to compute, and memory that is this thread's alone. */
const PARAMETERS: readonly Type[] = ["i32", "i32", "i32"];

export const wasmKernel = <Types extends ArgumentTypes>(
  name: string,
  types: Types,
  write: (body: Body, given: ArgumentsOf<Types>, tools: KernelTools) => void,
): WasmKernel<Types> => ({
  name,
  types,
  add: (assembly, product) => {
    assembly.define(
      PARAMETERS,
      (body, [place, part, scratch]) => {
        const at = place as Variable<"i32">;
        const given = Object.fromEntries(
          Object.entries(types).map(([argument, type], i) => [
            argument,
            body.variable(type === "i32" ? loadInt(at, 4 * i) : loadFloat(at, 4 * i)),
          ]),
        );
        write(body, given as ArgumentsOf<Types>, {
          part: part as Variable<"i32">,
          scratch: scratch as Variable<"i32">,
          product,
        });
      },
      name,
    );
  },
});

/** Reads and writes at a place of a row: four numbers, or the single ones that are left at its end. */
export interface RowAccess {
  readonly load: (base: I32) => V128;
  readonly store: (base: I32, x: V128) => void;
  /** What counts of four numbers in a sum over the row. */
  readonly counted: (x: V128) => V128;
}

/** Goes through `bytes` bytes of rows of float32 by fours, then through the rest one by one. */
export function overRow(body: Body, given: I32, each: (access: RowAccess) => void): void {
  const bytes = body.variable(given);
  const at = body.variable(int(0));
  body.repeat(at, body.variable(and(bytes, -16)), 16, () => {
    each({
      load: (base) => load4(add(base, at)),
      store: (base, x) => body.store4(add(base, at), x),
      counted: (x) => x,
    });
  });
  body.repeat(at, bytes, 4, () => {
    each({
      load: (base) => loadFirst(add(base, at)),
      store: (base, x) => body.storeFirst(add(base, at), x),
      counted: firstOf,
    });
  });
}

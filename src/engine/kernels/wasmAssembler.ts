/**
 * A small assembler for WebAssembly with SIMD: kernels are written as functions that emit code, so that no binary has to
 * be kept. A value is code that leaves it on the stack; a statement is code that leaves nothing.
 * @source WebAssembly core specification 2.0, sections 5.3 to 5.5 (binary format)
 */

export type Type = "i32" | "f32" | "v128";
type Code = readonly number[];

export interface Value<T extends Type = Type> {
  readonly type: T;
  readonly code: Code;
}
export type I32 = Value<"i32">;
export type F32 = Value<"f32">;
/** Four float32 numbers. */
export type V128 = Value<"v128">;

/** A local of a function: reading it is a value. */
export interface Variable<T extends Type = Type> extends Value<T> {
  readonly index: number;
}

const TYPE_CODES: Readonly<Record<Type, number>> = { i32: 0x7f, f32: 0x7d, v128: 0x7b };

/** Unsigned LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const more = rest >= 128;
    bytes.push((rest % 128) + (more ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return bytes;
}

/** Signed LEB128 of 32 bits. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const byte = rest & 0x7f;
    rest >>= 7;
    const done = (rest === 0 && !(byte & 0x40)) || (rest === -1 && byte & 0x40);
    bytes.push(done ? byte : byte | 0x80);
    if (done) return bytes;
  }
}

const floatBytes = (value: number): number[] => [
  ...new Uint8Array(Float32Array.of(value).buffer), // little endian, as every engine is
];

const value = <T extends Type>(type: T, ...parts: (Code | number)[]): Value<T> => ({
  type,
  code: parts.flat(),
});
const simd = (operation: number): number[] => [0xfd, ...unsigned(operation)];

/** Natural alignment is a hint: loads may lie anywhere. */
const place = (offset: number): number[] => [2, ...unsigned(offset)];

// ---- whole numbers

export const int = (x: number): I32 => value("i32", 0x41, signed(x));

type IntOperand = I32 | number;
const asInt = (x: IntOperand): I32 => (typeof x === "number" ? int(x) : x);
const intOperation =
  (operation: number) =>
  (a: IntOperand, b: IntOperand): I32 =>
    value("i32", asInt(a).code, asInt(b).code, operation);

export const add = intOperation(0x6a);
export const sub = intOperation(0x6b);
export const mul = intOperation(0x6c);
export const quotient = intOperation(0x6e);
export const remainder = intOperation(0x70);
export const and = intOperation(0x71);
/** Unsigned comparisons: addresses reach beyond 2 GB. */
export const less = intOperation(0x49);
export const equal = intOperation(0x46);
export const smaller = (a: I32, b: I32): I32 => value("i32", a.code, b.code, less(a, b).code, 0x1b); // select
export const loadInt = (address: I32, offset = 0): I32 =>
  value("i32", address.code, 0x28, place(offset));

// ---- one float32

export const float = (x: number): F32 => value("f32", 0x43, floatBytes(x));
const floatOperation =
  (operation: number) =>
  (a: F32, b: F32): F32 =>
    value("f32", a.code, b.code, operation);
export const addFloat = floatOperation(0x92);
export const mulFloat = floatOperation(0x94);
export const divFloat = floatOperation(0x95);
export const maxFloat = floatOperation(0x97);
export const rootFloat = (x: F32): F32 => value("f32", x.code, 0x91);
export const toFloat = (x: I32): F32 => value("f32", x.code, 0xb3);
export const loadFloat = (address: I32, offset = 0): F32 =>
  value("f32", address.code, 0x2a, place(offset));

// ---- four float32

const quadOperation =
  (operation: number) =>
  (a: V128, b: V128): V128 =>
    value("v128", a.code, b.code, simd(operation));
export const add4 = quadOperation(0xe4);
export const sub4 = quadOperation(0xe5);
export const mul4 = quadOperation(0xe6);
export const div4 = quadOperation(0xe7);
/** The smaller and the larger, at the speed of one instruction. */
export const min4 = quadOperation(0xea);
export const max4 = quadOperation(0xeb);
export const root4 = (x: V128): V128 => value("v128", x.code, simd(0xe3));
export const abs4 = (x: V128): V128 => value("v128", x.code, simd(0xe0));
/** Of each number, `a` where x is negative, else `b`. */
export const bySign = (x: V128, a: V128, b: V128): V128 =>
  value("v128", a.code, b.code, x.code, quad(0).code, simd(0x43), simd(0x52));
const nearest4 = (x: V128): V128 => value("v128", x.code, simd(0x6a));
export const splat = (x: F32): V128 => value("v128", x.code, simd(0x13));
export const quad = (x: number): V128 => {
  const bytes = floatBytes(x);
  return value("v128", simd(0x0c), bytes, bytes, bytes, bytes);
};
export const load4 = (address: I32, offset = 0): V128 =>
  value("v128", address.code, simd(0x00), place(offset));
/** One number in all four places. */
export const loadSplat = (address: I32, offset = 0): V128 =>
  value("v128", address.code, simd(0x09), place(offset));
/** One number and three zeros. */
export const loadFirst = (address: I32, offset = 0): V128 =>
  value("v128", address.code, simd(0x5c), place(offset));
/** Two numbers and two zeros. */
export const loadPair = (address: I32, offset = 0): V128 =>
  value("v128", address.code, simd(0x5d), place(offset));
/** `into` with one of its places loaded. */
export const loadLane = (into: V128, lane: number, address: I32, offset = 0): V128 =>
  value("v128", address.code, into.code, simd(0x56), place(offset), lane);
export const laneOf = (x: V128, lane: number): F32 => value("f32", x.code, simd(0x1f), lane);
const FIRST_ONLY = value(
  "v128",
  simd(0x0c),
  Array.from({ length: 16 }, (_, i) => (i < 4 ? 0xff : 0)),
);
/** The first number and three zeros. */
export const firstOf = (x: V128): V128 => value("v128", x.code, FIRST_ONLY.code, simd(0x4e));

const LN2_HIGH = 0.693145751953125;
const LN2_LOW = Math.LN2 - LN2_HIGH;
/** Terms of the exponential series: on [-ln 2 / 2, ln 2 / 2] the next one is below 6e-9. */
const EXP_TERMS = [1, 1, 1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720, 1 / 5040];

/** exp of four numbers to about 1e-7; below -87 it stays at exp(-87), above 88 at exp(88). */
export function exp4(body: Body, given: V128): V128 {
  const x = body.variable(min4(max4(given, quad(-87)), quad(88)));
  const n = body.variable(nearest4(mul4(x, quad(Math.LOG2E))));
  const r = body.variable(
    sub4(sub4(x, mul4(n, quad(LN2_HIGH))), mul4(n, quad(LN2_LOW))), // |r| <= ln 2 / 2
  );
  const series = EXP_TERMS.reduceRight<V128 | undefined>(
    (sum, term) => (sum ? add4(mul4(sum, r), quad(term)) : quad(term)),
    undefined,
  );
  // 2^n: n in the exponent's bits
  const whole = value("v128", n.code, simd(0xf8));
  const biased = value("v128", whole.code, int(127).code, simd(0x11), simd(0xae));
  const power = value("v128", biased.code, int(23).code, simd(0xab));
  return mul4(series ?? x, power);
}

// ---- statements

export interface Body {
  /** A new local with this value. */
  readonly variable: <T extends Type>(initial: Value<T>) => Variable<T>;
  readonly set: <T extends Type>(variable: Variable<T>, to: Value<T>) => void;
  readonly store4: (address: I32, x: V128, offset?: number) => void;
  /** The first of four numbers. */
  readonly storeFirst: (address: I32, x: V128, offset?: number) => void;
  readonly storeFloat: (address: I32, x: F32, offset?: number) => void;
  readonly when: (condition: I32, then: () => void, otherwise?: () => void) => void;
  /** Repeats while `variable` is less than `end`, which `step` is added to each time; it starts as it is. */
  readonly repeat: (
    variable: Variable<"i32">,
    end: I32,
    step: IntOperand,
    each: () => void,
  ) => void;
  readonly call: (callee: Callee, ...values: Value[]) => void;
}

/** A function of the module. */
export interface Callee {
  readonly index: number;
}

export interface Assembly {
  /** Adds a function without a result. @param name under which it is exported; absent: it is not */
  readonly define: (
    parameters: readonly Type[],
    write: (body: Body, parameters: readonly Variable[]) => void,
    name?: string,
  ) => Callee;
  /** The module. It imports its memory as `env.memory`. @param shared whether that memory is shared by threads */
  readonly bytes: (shared: boolean) => Uint8Array<ArrayBuffer>;
}

const MOST_PAGES = 65536;

/** What a function's statements are collected in. */
function openBody(parameters: readonly Type[]) {
  const locals: Type[] = [...parameters];
  const code: number[] = [];
  const emit = (...parts: (Code | number)[]) => {
    for (const part of parts) {
      if (typeof part === "number") code.push(part);
      else for (const byte of part) code.push(byte);
    }
  };
  const variableAt = <T extends Type>(index: number, type: T): Variable<T> => ({
    index,
    type,
    code: [0x20, ...unsigned(index)],
  });
  const set: Body["set"] = ({ index }, to) => emit(to.code, 0x21, unsigned(index));
  const body: Body = {
    variable: (initial) => {
      const made = variableAt(locals.push(initial.type) - 1, initial.type);
      set(made, initial);
      return made;
    },
    set,
    store4: (address, x, offset = 0) => emit(address.code, x.code, simd(0x0b), place(offset)),
    storeFirst: (address, x, offset = 0) =>
      emit(address.code, x.code, simd(0x5a), place(offset), 0),
    storeFloat: (address, x, offset = 0) => emit(address.code, x.code, 0x38, place(offset)),
    when: (condition, then, otherwise) => {
      emit(condition.code, 0x04, 0x40);
      then();
      if (otherwise) {
        emit(0x05);
        otherwise();
      }
      emit(0x0b);
    },
    repeat: (variable, end, step, each) => {
      body.when(less(variable, end), () => {
        emit(0x03, 0x40);
        each();
        set(variable, add(variable, step));
        emit(less(variable, end).code, 0x0d, 0, 0x0b);
      });
    },
    call: ({ index }, ...values) => emit(...values.map((x) => x.code), 0x10, unsigned(index)),
  };
  const finish = (): number[] => {
    const own = locals.slice(parameters.length);
    const declared = own.flatMap((type) => [1, TYPE_CODES[type]]);
    const whole = [...unsigned(own.length), ...declared, ...code, 0x0b];
    return [...unsigned(whole.length), ...whole];
  };
  return { body, variables: parameters.map((type, i) => variableAt(i, type)), finish };
}

const list = (items: readonly Code[]): number[] => [...unsigned(items.length), ...items.flat()];
const section = (id: number, content: Code): number[] => [
  id,
  ...unsigned(content.length),
  ...content,
];
const text = (content: string): number[] => {
  const bytes = [...new TextEncoder().encode(content)];
  return [...unsigned(bytes.length), ...bytes];
};

/** A module to which functions are added one after the other; each can call those before it. */
export function openAssembly(): Assembly {
  const types: number[][] = [];
  const functions: number[][] = [];
  const exported: number[][] = [];
  return {
    define: (parameters, write, name) => {
      const { body, variables, finish } = openBody(parameters);
      write(body, variables);
      const index = functions.push(finish()) - 1;
      types.push([0x60, ...list(parameters.map((type) => [TYPE_CODES[type]])), 0]);
      if (name !== undefined) exported.push([...text(name), 0, ...unsigned(index)]);
      return { index };
    },
    bytes: (shared) => {
      const limits = shared ? [3, 0, ...unsigned(MOST_PAGES)] : [0, 0];
      return Uint8Array.from([
        ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
        ...section(1, list(types)),
        ...section(2, list([[...text("env"), ...text("memory"), 2, ...limits]])),
        ...section(3, list(functions.map((_, i) => unsigned(i)))),
        ...section(7, list(exported)),
        ...section(10, list(functions)),
      ]);
    },
  };
}

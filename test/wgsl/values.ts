/** A whole number or truth that an invocation certainly has; undefined where it depends on what memory holds. */
export type Value = number | boolean | undefined;

/** Of an expression. "abstract" is a whole number without a suffix; "unknown" all whose values are not followed. */
export type ValueType = "u32" | "i32" | "bool" | "abstract" | "unknown";

/** A number as its type holds it: integers of WGSL wrap around. */
const wrap = (type: ValueType, value: number): number =>
  type === "u32" ? value >>> 0 : type === "i32" ? value | 0 : value;

const product = (type: ValueType, a: number, b: number): number =>
  type === "abstract" ? a * b : wrap(type, Math.imul(a, b));

/** The type two operands have together; an abstract number takes the other's. */
export const joint = (a: ValueType, b: ValueType): ValueType =>
  a === "abstract" ? b : b === "abstract" || a === b ? a : "unknown";

type OnNumbers = (a: number, b: number) => Value;

/** Of integers. Dividing by zero gives the number itself, and no remainder, as WGSL says. */
const ARITHMETIC: Readonly<Record<string, (type: ValueType) => OnNumbers>> = {
  "+": (type) => (a, b) => wrap(type, a + b),
  "-": (type) => (a, b) => wrap(type, a - b),
  "*": (type) => (a, b) => product(type, a, b),
  "/": (type) => (a, b) => (b === 0 ? a : wrap(type, Math.trunc(a / b))),
  "%": (type) => (a, b) => (b === 0 ? 0 : wrap(type, a % b)),
  "<<": (type) => (a, b) => wrap(type, a << b),
  "&": (type) => (a, b) => wrap(type, a & b),
  "|": (type) => (a, b) => wrap(type, a | b),
  "^": (type) => (a, b) => wrap(type, a ^ b),
};

const COMPARISONS: Readonly<Record<string, OnNumbers>> = {
  "<": (a, b) => a < b,
  ">": (a, b) => a > b,
  "<=": (a, b) => a <= b,
  ">=": (a, b) => a >= b,
};

type OnValues = (a: Value, b: Value) => Value;

const ofNumbers =
  (compute: OnNumbers): OnValues =>
  (a, b) =>
    typeof a === "number" && typeof b === "number" ? compute(a, b) : undefined;

const ofKnown =
  (compute: (a: number | boolean, b: number | boolean) => Value): OnValues =>
  (a, b) =>
    a === undefined || b === undefined ? undefined : compute(a, b);

const UNKNOWN = { type: "unknown", compute: () => undefined } as const;

/** What a binary operator (but `&&` and `||`) makes of operands of these types. */
export function binaryOperation(
  operator: string,
  left: ValueType,
  right: ValueType,
): { readonly type: ValueType; readonly compute: OnValues } {
  const type = operator === "<<" ? left : joint(left, right);
  if (type === "unknown") return UNKNOWN;
  if (operator === "==") return { type: "bool", compute: ofKnown((a, b) => a === b) };
  if (operator === "!=") return { type: "bool", compute: ofKnown((a, b) => a !== b) };
  const comparison = COMPARISONS[operator];
  if (comparison) return { type: "bool", compute: ofNumbers(comparison) };
  const arithmetic = ARITHMETIC[operator];
  if (!arithmetic || type === "bool") return UNKNOWN;
  return { type, compute: ofNumbers(arithmetic(type)) };
}

/** Of one operand: `-`, `!` and `~`. */
export function unaryOperation(operator: string, type: ValueType): (value: Value) => Value {
  return (value) => {
    if (operator === "!") return typeof value === "boolean" ? !value : undefined;
    if (typeof value !== "number" || type === "unknown") return undefined;
    return wrap(type, operator === "-" ? -value : ~value);
  };
}

/** A number or truth as another type: `u32(value)` and the like. */
export function converted(value: Value, type: ValueType): Value {
  if (value === undefined || type === "unknown") return undefined;
  return type === "bool" ? Boolean(value) : wrap(type, Number(value));
}

/** Functions of the language that integers go through; of all others the result is not followed. */
export const INTEGER_FUNCTIONS: Readonly<Record<string, (values: readonly Value[]) => Value>> = {
  min: (values) => extreme(values, Math.min),
  max: (values) => extreme(values, Math.max),
  clamp: ([value, low, high]) => extreme([extreme([value, low], Math.max), high], Math.min),
  select: ([whenFalse, whenTrue, condition]) =>
    condition === undefined
      ? whenFalse === whenTrue
        ? whenFalse
        : undefined
      : condition
        ? whenTrue
        : whenFalse,
};

function extreme(values: readonly Value[], choose: (...values: number[]) => number): Value {
  const numbers = values.filter((value) => typeof value === "number");
  return numbers.length === values.length ? choose(...numbers) : undefined;
}

/** Functions of the language that access no memory and are no barrier. */
export const PURE_FUNCTIONS: ReadonlySet<string> = new Set([
  ...Object.keys(INTEGER_FUNCTIONS),
  ..."abs all any ceil cos cross dot exp exp2 floor fma fract inverseSqrt length log log2".split(
    " ",
  ),
  ..."mix normalize pow round saturate sign sin sqrt step tanh trunc unpack2x16float".split(" "),
  ..."pack2x16float subgroupAdd subgroupBroadcast subgroupMax subgroupShuffle".split(" "),
  "subgroupShuffleXor",
]);

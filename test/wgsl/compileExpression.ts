import type { Region } from "./invocation";
import { constant, unknown, type Code, type Frame, type Scope } from "./scope";
import type { Expression, Module, WgslType } from "./syntax";
import { NotFollowed } from "./tokens";
import {
  binaryOperation,
  converted,
  INTEGER_FUNCTIONS,
  joint,
  PURE_FUNCTIONS,
  unaryOperation,
  type ValueType,
} from "./values";

/** Which values of a type are followed. */
export function valueTypeOf(type: WgslType | undefined, module: Module): ValueType {
  if (type?.kind === "named") {
    const alias = module.aliases.get(type.name);
    return alias ? valueTypeOf(alias, module) : "unknown";
  }
  if (type?.kind !== "scalar" || type.name === "f32" || type.name === "f16") return "unknown";
  return type.name;
}

export function compileExpression(expression: Expression, scope: Scope): Code {
  const compile = (part: Expression) => compileExpression(part, scope);
  switch (expression.kind) {
    case "integer":
      return constant(expression.type, expression.value);
    case "truth":
      return constant("bool", expression.value);
    case "float":
      return unknown();
    case "unary": {
      const of = compile(expression.of);
      const compute = unaryOperation(expression.operator, of.type);
      return { ...of, run: (frame) => compute(of.run(frame)) };
    }
    case "binary":
      return compileBinary(
        expression.operator,
        compile(expression.left),
        compile(expression.right),
      );
    case "call":
      return compileCall(expression, scope);
    case "name":
    case "index":
    case "member":
      return compileReference(expression, scope);
  }
}

function compileBinary(operator: string, left: Code, right: Code): Code {
  const effects = left.effects || right.effects;
  if (operator === "&&" || operator === "||") {
    return { type: "bool", effects, run: (frame) => shortCircuit(operator, left, right, frame) };
  }
  const { type, compute } = binaryOperation(operator, left.type, right.type);
  if (type === "unknown") return unknown([left, right]);
  return { type, effects, run: (frame) => compute(left.run(frame), right.run(frame)) };
}

/** The right side counts, and is run, only where the left one leaves the answer open. */
function shortCircuit(operator: "&&" | "||", left: Code, right: Code, frame: Frame) {
  const decides = operator === "||";
  const first = left.run(frame);
  if (first === decides) return decides;
  if (first !== undefined) return right.run(frame);
  frame.invocation.uncertain++;
  const second = right.run(frame);
  frame.invocation.uncertain--;
  return second === decides ? decides : undefined;
}

/** The type of a call of a structure's name. */
const STRUCTURE: WgslType = { kind: "named", name: "" };

type Call = Extract<Expression, { readonly kind: "call" }>;

function compileCall({ name, type: made, args, line }: Call, scope: Scope): Code {
  const codes = args.map((arg) => compileExpression(arg, scope));
  const effects = codes.some((code) => code.effects);
  const values = (frame: Frame) => codes.map((code) => code.run(frame));
  const known = scope.unit.functionOf(name);
  if (known) {
    if (known.effects) scope.unit.effects = true;
    if (!known.effects && known.type === "unknown") return unknown(codes);
    return {
      type: known.type,
      effects: effects || known.effects,
      run: (frame) => known.call(frame.invocation, values(frame)),
    };
  }
  const { module } = scope.unit;
  const makes =
    made ?? module.aliases.get(name) ?? (module.structures.has(name) ? STRUCTURE : undefined);
  const type = valueTypeOf(makes, module);
  const [first] = codes;
  if (first && type !== "unknown") {
    return { type, effects, run: (frame) => converted(first.run(frame), type) };
  }
  if (makes) return unknown(codes);
  if (!PURE_FUNCTIONS.has(name)) throw new NotFollowed(`the function ${name}`, line);
  const compute = INTEGER_FUNCTIONS[name];
  const operands = name === "select" ? codes.slice(0, 2) : codes;
  const common = operands.map((code) => code.type).reduce(joint, "abstract");
  if (!compute || common === "unknown") return unknown(codes);
  return { type: common, effects, run: (frame) => compute(values(frame)) };
}

/** What follows a name: indices and members. */
type Path = readonly (
  | { readonly index: Expression; readonly line: number }
  | { readonly member: string; readonly line: number }
)[];

function split(expression: Expression): { readonly root: Expression; readonly path: Path } {
  if (expression.kind !== "index" && expression.kind !== "member") {
    return { root: expression, path: [] };
  }
  const { root, path } = split(expression.of);
  const { line } = expression;
  const last =
    expression.kind === "index"
      ? { index: expression.index, line }
      : { member: expression.name, line };
  return { root, path: [...path, last] };
}

const indicesOf = (path: Path, scope: Scope): Code[] =>
  path.flatMap((part) => ("index" in part ? [compileExpression(part.index, scope)] : []));

function compileReference(expression: Expression, scope: Scope): Code {
  const { root, path } = split(expression);
  if (root.kind !== "name") {
    return unknown([compileExpression(root, scope), ...indicesOf(path, scope)]);
  }
  const meaning = scope.find(root.name);
  const [first] = path;
  const member = first && "member" in first ? first.member : undefined;
  switch (meaning?.kind) {
    case undefined:
      throw new NotFollowed(`the name ${root.name}`, root.line);
    case "constant":
      return meaning.code;
    case "unknown":
      return unknown(indicesOf(path, scope));
    case "uniforms":
      return meaning.values.get(member ?? "") ?? unknown(indicesOf(path, scope));
    case "slot": {
      const { slot, type } = meaning;
      return { type, effects: false, run: ({ slots }) => slots[slot] };
    }
    case "triple": {
      const offset = ["x", "y", "z"].indexOf(member ?? "");
      if (offset < 0) return unknown(indicesOf(path, scope));
      const slot = meaning.slot + offset;
      return { type: "u32", effects: false, run: ({ slots }) => slots[slot] };
    }
    case "memory": {
      const { region } = meaning;
      const { first: element, size, inner } = compileAddress(region, path, scope);
      return {
        type: "unknown",
        effects: true,
        run: (frame) => {
          inner.run(frame);
          frame.invocation.read(region, element(frame), size);
          return undefined;
        },
      };
    }
  }
}

/** What an assignment writes: a variable's slot, memory, or what is not followed. */
export type Target =
  | { readonly kind: "slot"; readonly slot: number; readonly type: ValueType }
  | { readonly kind: "unknown"; readonly inner: Code }
  | ({ readonly kind: "memory"; readonly region: Region } & Address);

/** Elements one after the other in a region. */
interface Address {
  /** The first of them; undefined if an index is past the end. */
  readonly first: (frame: Frame) => number | undefined;
  readonly size: number;
  /** The indices within an element, which choose a component. */
  readonly inner: Code;
}

export function compileTarget(expression: Expression, scope: Scope): Target {
  const { root, path } = split(expression);
  const meaning = root.kind === "name" ? scope.find(root.name) : undefined;
  switch (meaning?.kind) {
    case "slot":
      return meaning;
    case "unknown":
      return { kind: "unknown", inner: unknown(indicesOf(path, scope)) };
    case "memory":
      return {
        kind: "memory",
        region: meaning.region,
        ...compileAddress(meaning.region, path, scope),
      };
    default:
      throw new NotFollowed("what this assigns to", expression.line);
  }
}

function compileAddress(region: Region, path: Path, scope: Scope): Address {
  scope.unit.effects = true;
  let { layout } = region;
  let fixed = 0;
  const terms: { readonly index: Code; stride: number; count: number; line: number }[] = [];
  const parts: Code[] = [];
  for (const part of path) {
    const index = "index" in part ? compileExpression(part.index, scope) : undefined;
    const member = "member" in part ? layout.members?.get(part.member) : undefined;
    if (layout.vector) parts.push(...(index ? [index] : []));
    else if (layout.parts && index) {
      const { of, count } = layout.parts;
      terms.push({ index, stride: of.size, count, line: part.line });
      layout = of;
    } else if (member) {
      fixed += member.at;
      layout = member.of;
    } else throw new NotFollowed(`this part of ${region.name}`, part.line);
  }
  /** The first of the elements, or none of them if an index is past the end. */
  const first = (frame: Frame): number | undefined => {
    let at = fixed;
    for (const { index, stride, count, line } of terms) {
      const value = index.run(frame);
      if (typeof value !== "number") {
        throw new NotFollowed(`an index of ${region.name} that depends on what memory holds`, line);
      }
      if (value < 0 || value >= count) {
        frame.invocation.outside(region, value, line);
        return undefined;
      }
      at += value * stride;
    }
    return at;
  };
  return { first, size: layout.size, inner: unknown(parts) };
}

import type { Expression, ScalarName, WgslType } from "./syntax";
import { NotFollowed, type Cursor } from "./tokens";

const SCALARS: ReadonlySet<string> = new Set(["u32", "i32", "bool", "f32", "f16"]);
const isScalar = (name: string): name is ScalarName => SCALARS.has(name);

const VECTOR = /^vec([234])([fhiu]?)$/;
const MATRIX = /^mat([234])x[234]([fh]?)$/;

/** Whether a name begins a type that is part of the language, and so a call of it makes a value. */
const isType = (name: string): boolean =>
  isScalar(name) || VECTOR.test(name) || MATRIX.test(name) || name === "array";

export function parseType(cursor: Cursor): WgslType {
  const { line } = cursor;
  const name = cursor.name();
  if (isScalar(name)) return { kind: "scalar", name };
  if (name === "array") {
    cursor.expect("<");
    const of = parseType(cursor);
    const length = cursor.take(",") ? additive(cursor) : undefined;
    cursor.expect(">");
    return { kind: "array", of, ...(length && { length }) };
  }
  const [, width, vectorOf] = VECTOR.exec(name) ?? [];
  const [, columns, matrixOf] = MATRIX.exec(name) ?? [];
  if (width === undefined && columns === undefined) {
    if (cursor.is("<")) throw new NotFollowed(`the type ${name}`, line);
    return { kind: "named", name };
  }
  if ((vectorOf ?? matrixOf) === "" && cursor.take("<")) {
    parseType(cursor);
    cursor.expect(">");
  }
  return width === undefined
    ? { kind: "matrix", columns: Number(columns) }
    : { kind: "vector", width: Number(width) };
}

function parseNumber(text: string, line: number): Expression {
  if (/^0x/i.test(text) || !/[.eEfh]/.test(text)) {
    const type = text.endsWith("u") ? "u32" : text.endsWith("i") ? "i32" : "abstract";
    return { kind: "integer", type, value: Number(text.replace(/[iu]$/, "")), line };
  }
  return { kind: "float", line };
}

function primary(cursor: Cursor): Expression {
  const { line } = cursor;
  if (cursor.take("(")) {
    const inner = parseExpression(cursor);
    cursor.expect(")");
    return inner;
  }
  const { kind, text } = cursor.peek();
  if (kind === "number") return parseNumber(cursor.next().text, line);
  if (cursor.is("true", "false"))
    return { kind: "truth", value: cursor.next().text === "true", line };
  if (kind !== "name") throw new NotFollowed(`"${text}" where a value should be`, line);
  if (text === "bitcast") throw new NotFollowed("bitcast", line);
  const type = isType(text) ? parseType(cursor) : undefined;
  const name = type ? text : cursor.name();
  if (!cursor.take("(")) return { kind: "name", name, line };
  const args = cursor.list(")", () => parseExpression(cursor));
  return { kind: "call", name, ...(type && { type }), args, line };
}

function postfix(cursor: Cursor): Expression {
  let of = primary(cursor);
  for (;;) {
    const { line } = cursor;
    if (cursor.take("[")) {
      of = { kind: "index", of, index: parseExpression(cursor), line };
      cursor.expect("]");
    } else if (cursor.take(".")) of = { kind: "member", of, name: cursor.name(), line };
    else return of;
  }
}

/** Also what stands left of an assignment. */
export function unary(cursor: Cursor): Expression {
  const { line } = cursor;
  if (cursor.is("&", "*")) throw new NotFollowed("pointers", line);
  if (!cursor.is("-", "!", "~")) return postfix(cursor);
  return { kind: "unary", operator: cursor.next().text, of: unary(cursor), line };
}

/** Operators by how loosely they bind, the loosest first. Those of one level go from left to right. */
const LEVELS: readonly (readonly string[])[] = [
  ["||"],
  ["&&"],
  ["|"],
  ["^"],
  ["&"],
  ["==", "!="],
  ["<", ">", "<=", ">="],
  ["<<"],
  ["+", "-"],
  ["*", "/", "%"],
];
const ADDITIVE = LEVELS.findIndex((level) => level.includes("+"));

function binary(cursor: Cursor, level: number): Expression {
  const operators = LEVELS[level];
  if (!operators) return unary(cursor);
  let left = binary(cursor, level + 1);
  while (cursor.is(...operators)) {
    const { text: operator, line } = cursor.next();
    if (operator === ">" && cursor.is(">")) throw new NotFollowed("a shift to the right", line);
    left = { kind: "binary", operator, left, right: binary(cursor, level + 1), line };
  }
  return left;
}

/** Where a `>` would end the type around it. */
const additive = (cursor: Cursor): Expression => binary(cursor, ADDITIVE);

export const parseExpression = (cursor: Cursor): Expression => binary(cursor, 0);

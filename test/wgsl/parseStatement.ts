import { parseExpression, parseType, unary } from "./parseExpression";
import type { Block, Expression, Statement } from "./syntax";
import { NotFollowed, type Cursor } from "./tokens";

/** After `var`, `let` or `const`. */
function parseDeclaration(cursor: Cursor, line: number): Statement {
  if (cursor.is("<")) throw new NotFollowed("the address space of a local variable", line);
  const name = cursor.name();
  const type = cursor.take(":") ? parseType(cursor) : undefined;
  const value = cursor.take("=") ? parseExpression(cursor) : undefined;
  return { kind: "declare", name, ...(type && { type }), ...(value && { value }), line };
}

const ONE = (line: number): Expression => ({ kind: "integer", type: "abstract", value: 1, line });

/** Without the semicolon: a declaration, an assignment or a call, as they also stand in a `for`. */
function parseSimple(cursor: Cursor): Statement {
  const { line } = cursor;
  if (cursor.take("var") || cursor.take("let") || cursor.take("const")) {
    return parseDeclaration(cursor, line);
  }
  if (cursor.take("_")) {
    cursor.expect("=");
    return { kind: "assign", value: parseExpression(cursor), line };
  }
  const target = unary(cursor);
  if (cursor.is("++", "--")) {
    const operator = cursor.next().text.charAt(0);
    return { kind: "assign", target, operator, value: ONE(line), line };
  }
  if (cursor.is("=") || /^[-+*/%&|^]=$|^<<=$/.test(cursor.peek().text)) {
    const operator = cursor.next().text.slice(0, -1);
    const value = parseExpression(cursor);
    return { kind: "assign", target, ...(operator && { operator }), value, line };
  }
  if (target.kind === "call") return { kind: "call", call: target, line };
  throw new NotFollowed(`"${cursor.peek().text}" in a statement`, line);
}

function parseIf(cursor: Cursor, line: number): Statement {
  const condition = parseExpression(cursor);
  const then = parseBlock(cursor);
  if (!cursor.take("else")) return { kind: "if", condition, then, otherwise: [], line };
  const otherwise = cursor.take("if") ? [parseIf(cursor, cursor.line)] : parseBlock(cursor);
  return { kind: "if", condition, then, otherwise, line };
}

const ALWAYS = (line: number): Expression => ({ kind: "truth", value: true, line });

function parseFor(cursor: Cursor, line: number): Statement {
  cursor.expect("(");
  const init = cursor.is(";") ? undefined : parseSimple(cursor);
  cursor.expect(";");
  const condition = cursor.is(";") ? ALWAYS(line) : parseExpression(cursor);
  cursor.expect(";");
  const step = cursor.is(")") ? undefined : parseSimple(cursor);
  cursor.expect(")");
  const body = parseBlock(cursor);
  return { kind: "for", ...(init && { init }), condition, ...(step && { step }), body, line };
}

function parseStatement(cursor: Cursor): Statement {
  const { line } = cursor;
  if (cursor.is("{")) return { kind: "block", body: parseBlock(cursor), line };
  if (cursor.take("if")) return parseIf(cursor, line);
  if (cursor.take("for")) return parseFor(cursor, line);
  if (cursor.take("while")) {
    const condition = parseExpression(cursor);
    return { kind: "for", condition, body: parseBlock(cursor), line };
  }
  if (cursor.is("loop", "switch", "continuing", "discard", "@")) {
    throw new NotFollowed(`"${cursor.peek().text}"`, line);
  }
  let statement: Statement;
  if (cursor.take("break")) statement = { kind: "break", line };
  else if (cursor.take("continue")) statement = { kind: "continue", line };
  else if (cursor.take("return")) {
    const value = cursor.is(";") ? undefined : parseExpression(cursor);
    statement = { kind: "return", ...(value && { value }), line };
  } else statement = parseSimple(cursor);
  cursor.expect(";");
  return statement;
}

export function parseBlock(cursor: Cursor): Block {
  cursor.expect("{");
  const body: Statement[] = [];
  while (!cursor.take("}")) {
    if (!cursor.take(";")) body.push(parseStatement(cursor));
  }
  return body;
}

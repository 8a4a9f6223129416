import { parseExpression, parseType } from "./parseExpression";
import { parseBlock } from "./parseStatement";
import type {
  Expression,
  Module,
  ModuleVariable,
  Parameter,
  WgslFunction,
  WgslType,
} from "./syntax";
import { Cursor, NotFollowed, tokensOf } from "./tokens";

/** Attributes by name, with the words and numbers in their parentheses. */
function parseAttributes(cursor: Cursor): ReadonlyMap<string, readonly string[]> {
  const attributes = new Map<string, readonly string[]>();
  while (cursor.take("@")) {
    const name = cursor.name();
    attributes.set(name, cursor.take("(") ? cursor.list(")", () => cursor.next().text) : []);
  }
  return attributes;
}

function parseParameter(cursor: Cursor): Parameter {
  const builtin = parseAttributes(cursor).get("builtin")?.[0];
  const name = cursor.name();
  cursor.expect(":");
  return { name, type: parseType(cursor), ...(builtin !== undefined && { builtin }) };
}

/** After `fn`. */
function parseFunction(cursor: Cursor, workgroupSize?: readonly string[]): WgslFunction {
  const { line } = cursor;
  const name = cursor.name();
  cursor.expect("(");
  const parameters = cursor.list(")", () => parseParameter(cursor));
  const result = cursor.take("->") ? parseType(cursor) : undefined;
  const body = parseBlock(cursor);
  return {
    name,
    line,
    parameters,
    ...(result && { result }),
    body,
    ...(workgroupSize && { workgroupSize: workgroupSize.map((side) => parseInt(side, 10)) }),
  };
}

const isSpace = (name: string | undefined): name is ModuleVariable["space"] =>
  name === "workgroup" || name === "storage" || name === "uniform";

/** After `var`. */
function parseVariable(cursor: Cursor): ModuleVariable {
  const { line } = cursor;
  cursor.expect("<");
  const [space, access] = cursor.list(">", () => cursor.name());
  if (!isSpace(space)) throw new NotFollowed(`the address space ${space ?? ""}`, line);
  const name = cursor.name();
  cursor.expect(":");
  const type = parseType(cursor);
  cursor.expect(";");
  const written = space === "workgroup" || access === "read_write";
  return { name, line, space, written, type };
}

/** After `struct`. */
function parseMembers(cursor: Cursor): ReadonlyMap<string, WgslType> {
  cursor.expect("{");
  const members = cursor.list("}", (): [string, WgslType] => {
    const name = cursor.name();
    cursor.expect(":");
    return [name, parseType(cursor)];
  });
  return new Map(members);
}

/** @throws NotFollowed where the text uses more of WGSL than generated kernels do */
export function parseModule(text: string): Module {
  const cursor = new Cursor(tokensOf(text));
  const structures = new Map<string, ReadonlyMap<string, WgslType>>();
  const aliases = new Map<string, WgslType>();
  const constants = new Map<string, Expression>();
  const functions = new Map<string, WgslFunction>();
  const variables: ModuleVariable[] = [];
  /** `NAME = value ;` */
  const named = <T>(into: Map<string, T>, parse: (at: Cursor) => T) => {
    const name = cursor.name();
    cursor.expect("=");
    into.set(name, parse(cursor));
    cursor.expect(";");
  };
  while (cursor.peek().kind !== "end") {
    if (cursor.take(";")) continue;
    const attributes = parseAttributes(cursor);
    const { text: word, line } = cursor.next();
    if (word === "enable") {
      cursor.name();
      cursor.expect(";");
    } else if (word === "struct") structures.set(cursor.name(), parseMembers(cursor));
    else if (word === "alias") named(aliases, parseType);
    else if (word === "const") named(constants, parseExpression);
    else if (word === "var") variables.push(parseVariable(cursor));
    else if (word === "fn") {
      const parsed = parseFunction(cursor, attributes.get("workgroup_size"));
      functions.set(parsed.name, parsed);
    } else throw new NotFollowed(`"${word}" outside functions`, line);
  }
  return { structures, aliases, constants, functions, variables };
}

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** A place in the source that describes a compute program: the object has `name` and `outputs`. */
export interface DescribedProgram {
  readonly file: string;
  /** The names it may give; a part that is computed matches anything. */
  readonly names: readonly RegExp[];
}

const escaped = (text: string) => text.replace(/[$()*+.?[\\\]^{|}]/g, "\\$&");

/** The strings an expression may give; none where it is not written out. */
function stringsOf(expression: ts.Expression): RegExp[] {
  if (ts.isStringLiteralLike(expression)) return [new RegExp(`^${escaped(expression.text)}$`)];
  if (ts.isConditionalExpression(expression)) {
    return [expression.whenTrue, expression.whenFalse].flatMap(stringsOf);
  }
  if (!ts.isTemplateExpression(expression)) return [];
  const rest = expression.templateSpans.map(({ literal }) => `.*${escaped(literal.text)}`);
  return [new RegExp(`^${escaped(expression.head.text)}${rest.join("")}$`)];
}

const propertyOf = (object: ts.ObjectLiteralExpression, name: string) =>
  object.properties.find((property) => property.name?.getText() === name);

function describedIn(file: string, text: string): DescribedProgram[] {
  const found: DescribedProgram[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node) && propertyOf(node, "outputs")) {
      const name = propertyOf(node, "name");
      const names = name && ts.isPropertyAssignment(name) ? stringsOf(name.initializer) : [];
      // builders take the name from their caller, which is found by itself
      if (names.length > 0) found.push({ file, names });
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return found;
}

/** The compute programs that the code of a folder describes, tests aside. */
export function programsInSource(folder: string): DescribedProgram[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => ({ file, text: readFileSync(join(folder, file), "utf8") }))
    .filter(({ text }) => /\boutputs\b/.test(text))
    .flatMap(({ file, text }) => describedIn(file, text));
}

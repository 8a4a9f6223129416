import { compileExpression, compileTarget, valueTypeOf } from "./compileExpression";
import { unknown, type Frame, type Scope } from "./scope";
import type { Block, Expression, Statement } from "./syntax";
import { NotFollowed } from "./tokens";
import { binaryOperation, converted, type Value } from "./values";

/** How a statement ends: the next one follows, or it leaves a loop's turn, the loop or the function. */
export type Ending = "next" | "continue" | "break" | "return";

export type Step = (frame: Frame) => Ending;

type Of<Kind extends Statement["kind"]> = Extract<Statement, { readonly kind: Kind }>;

/** A statement made ready to run; undefined if it does nothing that is followed, such as adding floats. */
function compileStatement(statement: Statement, scope: Scope): Step | undefined {
  switch (statement.kind) {
    case "declare":
      return compileDeclaration(statement, scope);
    case "assign":
      return compileAssignment(statement, scope);
    case "call":
      return compileCallStatement(statement, scope);
    case "if":
      return compileIf(statement, scope);
    case "for":
      return compileFor(statement, scope);
    case "block":
      return compileBlock(statement.body, scope.inner());
    case "break":
      return () => "break";
    case "continue":
      return () => "continue";
    case "return": {
      const value = statement.value && compileExpression(statement.value, scope);
      return (frame) => {
        frame.result = value?.run(frame);
        return "return";
      };
    }
  }
}

/** Statements in a scope of their own, which the caller makes. */
export function compileBlock(block: Block, scope: Scope): Step | undefined {
  const steps = block.flatMap((statement) => compileStatement(statement, scope) ?? []);
  if (steps.length === 0) return undefined;
  return (frame) => {
    for (const step of steps) {
      const ending = step(frame);
      if (ending !== "next") return ending;
    }
    return "next";
  };
}

/** Runs `work` as a statement that the next one follows. */
const then =
  (work: (frame: Frame) => unknown): Step =>
  (frame) => {
    work(frame);
    return "next";
  };

function compileDeclaration({ name, type, value }: Of<"declare">, scope: Scope) {
  const code = value && compileExpression(value, scope);
  const found = type ? valueTypeOf(type, scope.unit.module) : (code?.type ?? "unknown");
  // a variable that begins as a number without a suffix is an i32
  const variable = scope.declare(name, found === "abstract" ? "i32" : found);
  if (variable.kind !== "slot") return code?.effects ? then(code.run) : undefined;
  const zero: Value = found === "bool" ? false : 0;
  return then((frame) => {
    frame.slots[variable.slot] = code ? code.run(frame) : zero;
  });
}

function compileAssignment({ target: left, operator, value: right }: Of<"assign">, scope: Scope) {
  const value = compileExpression(right, scope);
  if (!left) return value.effects ? then(value.run) : undefined;
  const target = compileTarget(left, scope);
  if (target.kind === "slot") {
    const { slot, type } = target;
    const { compute } = binaryOperation(operator ?? "+", type, value.type);
    return then((frame) => {
      const given = value.run(frame);
      frame.slots[slot] = operator ? compute(frame.slots[slot], given) : converted(given, type);
    });
  }
  const inner = unknown([value, target.inner]);
  if (target.kind === "unknown") return inner.effects ? then(inner.run) : undefined;
  const { region, first, size } = target;
  return then((frame) => {
    inner.run(frame);
    const element = first(frame);
    if (operator) frame.invocation.read(region, element, size);
    frame.invocation.write(region, element, size);
  });
}

function compileCallStatement({ call, line }: Of<"call">, scope: Scope) {
  if (call.kind === "call" && call.name === "workgroupBarrier") {
    scope.unit.effects = true;
    return then(({ invocation }) => {
      invocation.barrier(line);
    });
  }
  const code = compileExpression(call, scope);
  return code.effects ? then(code.run) : undefined;
}

function compileIf({ condition, then: yes, otherwise: no, line }: Of<"if">, scope: Scope) {
  const decide = compileExpression(condition, scope);
  const branches = [yes, no].map((block) => compileBlock(block, scope.inner()));
  const [whenTrue, whenFalse] = branches;
  if (!whenTrue && !whenFalse) return decide.effects ? then(decide.run) : undefined;
  const step: Step = (frame) => {
    const decided = decide.run(frame);
    if (decided === undefined) return runBoth(frame, whenTrue, whenFalse, line);
    return (decided ? whenTrue : whenFalse)?.(frame) ?? "next";
  };
  return step;
}

/** Each value that two branches agree on; the others are unknown. */
const joined = (a: readonly Value[], b: readonly Value[]): Value[] =>
  a.map((value, i) => (value === b[i] ? value : undefined));

/**
 * Memory decides which branch is run, so both are run, one after the other. A branch that leaves a loop or the function
 * keeps its variables for the place where branches join; the statements after it are run as if it had not left.
 */
function runBoth(
  frame: Frame,
  whenTrue: Step | undefined,
  whenFalse: Step | undefined,
  line: number,
): Ending {
  const { invocation } = frame;
  const before = [...frame.slots];
  invocation.uncertain++;
  const first = whenTrue?.(frame) ?? "next";
  const afterFirst = frame.slots;
  frame.slots = before;
  const second = whenFalse?.(frame) ?? "next";
  invocation.uncertain--;
  if (first === "return" || second === "return") {
    throw new NotFollowed("a return that depends on what memory holds", line);
  }
  if (first === second) {
    frame.slots = joined(afterFirst, frame.slots);
    return first;
  }
  if (first !== "next" && second !== "next") {
    throw new NotFollowed("branches that leave to different places", line);
  }
  const [leaving, leavingSlots] = first === "next" ? [second, frame.slots] : [first, afterFirst];
  if (first === "next") frame.slots = afterFirst;
  (leaving === "continue" ? frame.left.turn : frame.left.loop).push(leavingSlots);
  invocation.uncertain++;
  return "next";
}

/** Where branches that left join the others. */
function meet(frame: Frame, left: Value[][]): void {
  if (left.length === 0) return;
  for (const slots of left) frame.slots = joined(frame.slots, slots);
  frame.invocation.uncertain -= left.length;
  left.length = 0;
}

/** Whether a loop only counts: its variable is its own, and nothing else is followed. */
function countsOnly({ init, step }: Of<"for">, effects: boolean): boolean {
  const own = init?.kind === "declare" ? init.name : undefined;
  const target = step?.kind === "assign" ? step.target : undefined;
  return !effects && target?.kind === "name" && target.name === own;
}

function compileFor(loop: Of<"for">, outer: Scope): Step | undefined {
  const scope = outer.inner();
  const init = loop.init && compileStatement(loop.init, scope);
  const goOn = compileExpression(loop.condition, scope);
  const advance = loop.step && compileStatement(loop.step, scope);
  const body = compileBlock(loop.body, scope.inner());
  if (!body && countsOnly(loop, goOn.effects)) return undefined;
  return (frame) => {
    const around = frame.left;
    frame.left = { turn: [], loop: [] };
    init?.(frame);
    let ending: Ending = "next";
    while (ending === "next" && decided(goOn.run(frame), loop.condition)) {
      frame.invocation.step(loop.line);
      ending = body?.(frame) ?? "next";
      if (ending === "continue") ending = "next";
      meet(frame, frame.left.turn);
      if (ending === "next") advance?.(frame);
    }
    meet(frame, frame.left.loop);
    frame.left = around;
    return ending === "return" ? "return" : "next";
  };
}

function decided(value: Value, { line }: Expression): boolean {
  if (typeof value !== "boolean") {
    throw new NotFollowed("a loop whose end depends on what memory holds", line);
  }
  return value;
}

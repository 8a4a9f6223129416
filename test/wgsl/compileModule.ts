import { compileExpression, valueTypeOf } from "./compileExpression";
import { compileBlock } from "./compileStatement";
import type { Invocation, Region } from "./invocation";
import { layoutOf, type Layout } from "./memory";
import {
  constant,
  Scope,
  unknown,
  type Code,
  type Frame,
  type FunctionCode,
  type Meaning,
  type Unit,
} from "./scope";
import type {
  Expression,
  Module,
  ModuleVariable,
  Parameter,
  WgslFunction,
  WgslType,
} from "./syntax";
import { NotFollowed } from "./tokens";
import type { Value } from "./values";

/** What an entry point is told. */
export interface Ids {
  readonly global: readonly number[];
  readonly local: readonly number[];
  readonly group: readonly number[];
  readonly groups: readonly number[];
  readonly lane: number;
}

export interface CompiledModule {
  /** Variables that several invocations see and may write. */
  readonly regions: readonly Region[];
  readonly workgroupSize: readonly [number, number, number];
  /** Runs the entry point as one invocation. */
  readonly run: (invocation: Invocation, ids: Ids) => void;
}

/** The values of a call without variables of its own: of module constants. */
const NO_FRAME = { slots: [] } as unknown as Frame;

/**
 * @param uniforms values by member
 * @param elements of each storage buffer that is written, in elements of its array
 */
export function compileModule(
  module: Module,
  uniforms: Readonly<Record<string, number>>,
  elements: Readonly<Record<string, number>>,
): CompiledModule {
  const compiled = new Map<string, FunctionCode>();
  const functionOf = (name: string): FunctionCode | undefined => {
    const source = module.functions.get(name);
    if (!source) return undefined;
    const known = compiled.get(name) ?? compileFunction(source, globals);
    compiled.set(name, known);
    return known;
  };
  const globals = new Scope({ module, functionOf, slots: 0, effects: false });
  for (const [name, value] of module.constants) {
    globals.define(name, { kind: "constant", code: compileExpression(value, globals) });
  }
  const lengthOf = (length: Expression): number => {
    const value = compileExpression(length, globals).run(NO_FRAME);
    if (typeof value !== "number") throw new NotFollowed("this length", length.line);
    return value;
  };
  const regions: Region[] = [];
  for (const variable of module.variables) {
    const sizeOf = (type: WgslType): Layout =>
      layoutOf(type, module, lengthOf, elements[variable.name] ?? 0);
    const meaning = meaningOf(variable, module, uniforms, sizeOf, regions);
    if (meaning.kind === "memory") regions.push(meaning.region);
    globals.define(variable.name, meaning);
  }
  return { regions, ...compileEntry(module, globals) };
}

function meaningOf(
  { name, space, written, type }: ModuleVariable,
  module: Module,
  uniforms: Readonly<Record<string, number>>,
  layoutOfType: (type: WgslType) => Layout,
  before: readonly Region[],
): Meaning {
  if (space === "uniform") {
    const members = type.kind === "named" ? module.structures.get(type.name) : undefined;
    const values = [...(members ?? [])].map(([member, of]): [string, Code] => {
      const followed = valueTypeOf(of, module);
      return [member, followed === "unknown" ? unknown() : constant(followed, uniforms[member])];
    });
    return { kind: "uniforms", values: new Map(values) };
  }
  if (!written) return { kind: "unknown" };
  const sameSpace = before.filter((region) => region.space === space);
  const base = sameSpace.reduce((total, { layout }) => total + layout.size, 0);
  return { kind: "memory", region: { name, space, layout: layoutOfType(type), base } };
}

function compileFunction(source: WgslFunction, globals: Scope): FunctionCode {
  const unit: Unit = { ...globals.unit, slots: 0, effects: false };
  const scope = new Scope(unit, globals);
  const slots = source.parameters.map(({ name, type }) => {
    const variable = scope.declare(name, valueTypeOf(type, unit.module));
    return variable.kind === "slot" ? variable.slot : undefined;
  });
  const body = compileBlock(source.body, scope);
  return {
    type: valueTypeOf(source.result, unit.module),
    effects: unit.effects,
    call: (invocation, args) => {
      const frame = newFrame(invocation, unit.slots);
      slots.forEach((slot, i) => {
        if (slot !== undefined) frame.slots[slot] = args[i];
      });
      body?.(frame);
      return frame.result;
    },
  };
}

const newFrame = (invocation: Invocation, slots: number): Frame => ({
  invocation,
  slots: Array<Value>(slots).fill(undefined),
  left: { turn: [], loop: [] },
  result: undefined,
});

/** What each builtin holds, of those that compute shaders have. */
const BUILTINS: Readonly<Record<string, (ids: Ids) => readonly number[]>> = {
  global_invocation_id: ({ global }) => global,
  local_invocation_id: ({ local }) => local,
  workgroup_id: ({ group }) => group,
  num_workgroups: ({ groups }) => groups,
  local_invocation_index: ({ lane }) => [lane],
};

/** Gives a parameter of the entry point its slots. */
function declareBuiltin({ name, builtin = "" }: Parameter, scope: Scope, line: number) {
  const values = BUILTINS[builtin];
  if (!values) throw new NotFollowed(`the parameter ${name}`, line);
  const slot = scope.unit.slots;
  if (builtin === "local_invocation_index") scope.declare(name, "u32");
  else {
    scope.unit.slots += 3;
    scope.define(name, { kind: "triple", slot });
  }
  return { slot, values };
}

function compileEntry(module: Module, globals: Scope): Omit<CompiledModule, "regions"> {
  const entry = [...module.functions.values()].find(({ workgroupSize }) => workgroupSize);
  if (!entry) throw new NotFollowed("a text without an entry point", 1);
  const unit: Unit = { ...globals.unit, slots: 0, effects: false };
  const scope = new Scope(unit, globals);
  const builtins = entry.parameters.map((parameter) =>
    declareBuiltin(parameter, scope, entry.line),
  );
  const body = compileBlock(entry.body, scope);
  const [x = 1, y = 1, z = 1] = entry.workgroupSize ?? [];
  return {
    workgroupSize: [x, y, z],
    run: (invocation, ids) => {
      const frame = newFrame(invocation, unit.slots);
      for (const { slot, values } of builtins) {
        values(ids).forEach((value, i) => {
          frame.slots[slot + i] = value;
        });
      }
      body?.(frame);
    },
  };
}

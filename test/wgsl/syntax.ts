/** What the checker reads of WGSL: the part of the language that generated kernels are written in. */

export type ScalarName = "u32" | "i32" | "bool" | "f32" | "f16";

export type WgslType =
  | { readonly kind: "scalar"; readonly name: ScalarName }
  | { readonly kind: "vector"; readonly width: number }
  | { readonly kind: "matrix"; readonly columns: number }
  /** Without a length: as long as its buffer. */
  | { readonly kind: "array"; readonly of: WgslType; readonly length?: Expression }
  /** A structure or an alias. */
  | { readonly kind: "named"; readonly name: string };

export type Expression = { readonly line: number } & (
  | { readonly kind: "integer"; readonly type: "u32" | "i32" | "abstract"; readonly value: number }
  | { readonly kind: "float" }
  | { readonly kind: "truth"; readonly value: boolean }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "unary"; readonly operator: string; readonly of: Expression }
  | {
      readonly kind: "binary";
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    }
  /** Of a function, or of a type: then `type` is set. */
  | {
      readonly kind: "call";
      readonly name: string;
      readonly type?: WgslType;
      readonly args: readonly Expression[];
    }
  | { readonly kind: "index"; readonly of: Expression; readonly index: Expression }
  | { readonly kind: "member"; readonly of: Expression; readonly name: string }
);

export type Block = readonly Statement[];

export type Statement = { readonly line: number } & (
  | {
      readonly kind: "declare";
      readonly name: string;
      readonly type?: WgslType;
      readonly value?: Expression;
    }
  /** Without a target: `_ = value`. With an operator: `target operator= value`. */
  | {
      readonly kind: "assign";
      readonly target?: Expression;
      readonly operator?: string;
      readonly value: Expression;
    }
  | { readonly kind: "call"; readonly call: Expression }
  | {
      readonly kind: "if";
      readonly condition: Expression;
      readonly then: Block;
      readonly otherwise: Block;
    }
  /** Also `while`, which has a condition alone. */
  | {
      readonly kind: "for";
      readonly init?: Statement;
      readonly condition: Expression;
      readonly step?: Statement;
      readonly body: Block;
    }
  | { readonly kind: "block"; readonly body: Block }
  | { readonly kind: "return"; readonly value?: Expression }
  | { readonly kind: "break" }
  | { readonly kind: "continue" }
);

export interface Parameter {
  readonly name: string;
  readonly type: WgslType;
  /** Of an entry point: what the parameter holds. */
  readonly builtin?: string;
}

export interface WgslFunction {
  readonly name: string;
  readonly line: number;
  readonly parameters: readonly Parameter[];
  readonly result?: WgslType;
  readonly body: Block;
  /** Of an entry point. */
  readonly workgroupSize?: readonly number[];
}

export interface ModuleVariable {
  readonly name: string;
  readonly line: number;
  readonly space: "workgroup" | "storage" | "uniform";
  /** Whether kernels may write it. */
  readonly written: boolean;
  readonly type: WgslType;
}

export interface Module {
  readonly structures: ReadonlyMap<string, ReadonlyMap<string, WgslType>>;
  readonly aliases: ReadonlyMap<string, WgslType>;
  readonly constants: ReadonlyMap<string, Expression>;
  readonly variables: readonly ModuleVariable[];
  readonly functions: ReadonlyMap<string, WgslFunction>;
}

import { FLAT_GROUP, type ComputeProgram } from "./program";

/** What all attention programs with tiles have in common: uniforms, places in memory, words. */

/** Numbers of a vec4. */
export const LANES = 4;

/** The widest head whose row is held in registers. */
const WIDEST_HEAD = 128;

/** Whether a head of this width fits a tile; others take the plain programs. */
export const fitsTile = (headWidth: number): boolean =>
  headWidth % LANES === 0 && headWidth <= WIDEST_HEAD;

export const count = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);
export const lines = (parts: readonly string[]): string => parts.join("\n");

/** What scores are multiplied by: 1 / sqrt(head width). */
export const scaleOf = ({ quads }: { readonly quads: number }): number => (LANES * quads) ** -0.5;

/** log2(e): exponentials are taken to base 2, which adapters have. */
export const LOG2_E = "1.4426950408889634";
export const LN_2 = "0.6931471805599453";

/** Below every score, so that its exponential is zero; WGSL has no infinity. */
export const BELOW_ALL = "-1e30";

export const ATTENTION_UNIFORMS: ComputeProgram["uniforms"] = {
  blocks: "u32",
  rowBlocks: "u32",
  heads: "u32",
  tokens: "u32",
};

/** WGSL: the head and image of a workgroup, and where they begin in qkv (`packed`) and in out (`joined`), in vec4s. */
export const sequencePlace = (quads: number): string => `
let block = ${FLAT_GROUP};
if (block >= uniforms.blocks) { return; }
let tokens = uniforms.tokens;
let sequence = block / uniforms.rowBlocks;
let batch = sequence / uniforms.heads;
let head = sequence % uniforms.heads;
let width = uniforms.heads * ${quads}u;
let packed = batch * tokens * 3u * width + head * ${quads}u;
let joined = batch * tokens * width + head * ${quads}u;`;

/** WGSL of a vec4 by its lanes. */
export const laneList = (value: (lane: number) => string, type: "vec4f" | "vec4u"): string =>
  `${type}(${count(LANES).map(value).join(", ")})`;

/** One of the vectors that each row of a head has. */
export interface RowVector {
  readonly name: string;
  readonly array: string;
  /** Of its first row, and from row to row, in vec4s. */
  readonly start: string;
  readonly stride: string;
}

export const QUERY: RowVector = {
  name: "query",
  array: "qkv",
  start: "packed",
  stride: "3u * width",
};
export const KEY: RowVector = { ...QUERY, name: "key", start: "packed + width" };
export const VALUE: RowVector = { ...QUERY, name: "value", start: "packed + 2u * width" };
/** The gradient of the result. */
export const SLOPE: RowVector = { name: "slope", array: "dOut", start: "joined", stride: "width" };

/** Whose rows a workgroup has: those of queries give dq, those of keys dk and dv. */
export type AttentionSide = "query" | "key";

/** The two vectors of a workgroup's own rows, and the two of the other side's rows that each is multiplied by. */
interface SideVectors {
  readonly left: RowVector;
  readonly right: RowVector;
  readonly meetsLeft: RowVector;
  readonly meetsRight: RowVector;
}

export const SIDE_VECTORS: Readonly<Record<AttentionSide, SideVectors>> = {
  query: { left: QUERY, right: SLOPE, meetsLeft: KEY, meetsRight: VALUE },
  key: { left: KEY, right: VALUE, meetsLeft: QUERY, meetsRight: SLOPE },
};

/** What the programs of all tiles have in common. */
export const FORWARD_FRAME = {
  name: "attention",
  outputs: { out: "vec4f", logSumExp: "f32" },
  inputs: { qkv: "vec4f" },
  uniforms: ATTENTION_UNIFORMS,
} as const satisfies Partial<ComputeProgram>;

/** The side of queries also makes delta, for the side of keys, which runs after it. */
export const BACKWARD_FRAMES = {
  query: {
    name: "attention grad q",
    outputs: { dQkv: "vec4f", delta: "f32" },
    inputs: { qkv: "vec4f", dOut: "vec4f", logSumExp: "f32", out: "vec4f" },
    uniforms: ATTENTION_UNIFORMS,
  },
  key: {
    name: "attention grad kv",
    outputs: { dQkv: "vec4f" },
    inputs: { qkv: "vec4f", dOut: "vec4f", logSumExp: "f32", delta: "f32" },
    uniforms: ATTENTION_UNIFORMS,
  },
} as const satisfies Record<AttentionSide, Partial<ComputeProgram>>;

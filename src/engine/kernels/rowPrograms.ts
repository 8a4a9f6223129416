import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { StudioDevice } from "./device";
import {
  FLAT_GROUP,
  spread,
  type ComputeProgram,
  type ElementType,
  type UniformType,
} from "./program";

/** A program on the rows of [B, T, D] that needs sums over D, written once for one or several threads a row. */
export interface RowProgram {
  readonly name: string;
  readonly variant?: string;
  /** Operands of the row's width D, which are bound as vec4f where D divides by four. The others are f32. */
  readonly wide: ReadonlySet<string>;
  readonly outputs: readonly string[];
  readonly inputs: readonly string[];
  readonly uniforms: Readonly<Record<string, UniformType>>;
  /**
   * Statements. They may use `row`, `batch`, `at` (the row's first element), `ofBatch` (the batch's first element
   * in [B, D]), `Number` (the element type), `each(x)` (a loop over columns), `horizontal(v)` (the sum of an
   * element's lanes), `totalOf(pair, lane)` (sums over the threads of a row)
   * and `first` (whether this thread writes what a row has once).
   */
  readonly body: (each: (statements: string) => string) => string;
}

/** Threads of a workgroup on real GPUs, at most, and rows of one on software adapters. */
const GROUP_THREADS = 64;
const ROWS_A_GROUP = 32;

/** How rows are dealt to workgroups on real GPUs. */
interface SharedRows {
  /** Threads that share a row, a power of two. */
  readonly threads: number;
  /** Rows of a workgroup: narrow ones, as those of a head, do not fill one. */
  readonly rows: number;
}

/** Threads of a row, at least: narrower rows are those of tests. */
const LEAST_THREADS = 8;

/**
 * As many threads a row as it has elements, and as many rows a workgroup as it has threads for, if that divides the rows:
 * a workgroup has no row past the end.
 */
function sharedRows(elements: number, rowCount: number): SharedRows {
  let threads = GROUP_THREADS;
  while (threads > LEAST_THREADS && threads / 2 >= elements) threads /= 2;
  const rows = GROUP_THREADS / threads;
  return { threads, rows: rowCount % rows === 0 ? rows : 1 };
}

/** Sums over the threads of a row by halves, always in the same order. */
const treeTotal = ({ threads, rows }: SharedRows): string => `
var<workgroup> parts: array<vec2f, ${threads * rows}>;
fn totalOf(part: vec2f, lane: u32) -> vec2f {
  workgroupBarrier(); // the sums before are read
  parts[lane] = part;
  for (var half = ${threads / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane % ${threads}u < half) { parts[lane] += parts[lane + half]; }
  }
  workgroupBarrier();
  return parts[lane / ${threads}u * ${threads}u];
}`;

/** @param shared undefined on software adapters: a thread a row */
function rowProgram(
  { name, variant = "", wide, outputs, inputs, uniforms, body }: RowProgram,
  shared: SharedRows | undefined,
  byFour: boolean,
): ComputeProgram {
  const number = byFour ? "vec4f" : "f32";
  const bind = (names: readonly string[]) =>
    Object.fromEntries(
      names.map((key): [string, ElementType] => [key, wide.has(key) ? number : "f32"]),
    );
  const [start, step] = shared ? [`lane % ${shared.threads}u`, `${shared.threads}u`] : ["0u", "1u"];
  const each = (statements: string) =>
    `for (var i = ${start}; i < width; i += ${step}) {${statements}}`;
  const place = shared
    ? `if (index * ${shared.rows}u >= uniforms.batches * uniforms.tokens) { return; }
       let row = index * ${shared.rows}u + lane / ${shared.threads}u;
       let batch = row / uniforms.tokens;
       let first = lane % ${shared.threads}u == 0u;`
    : // a workgroup stays within a batch, so that what belongs to the batch is read once for all its threads
      `let blocks = (uniforms.tokens + ${ROWS_A_GROUP - 1}u) / ${ROWS_A_GROUP}u;
       let batch = index / blocks; let token = (index % blocks) * ${ROWS_A_GROUP}u + lane;
       if (batch >= uniforms.batches || token >= uniforms.tokens) { return; }
       let row = batch * uniforms.tokens + token;
       let first = true;`;
  return {
    name,
    variant: `${variant} ${shared ? `shared ${shared.threads} ${shared.rows}` : "register"} ${number}`,
    workgroupSize: [shared ? shared.threads * shared.rows : ROWS_A_GROUP, 1, 1],
    outputs: bind(outputs),
    inputs: bind(inputs),
    uniforms: { batches: "u32", tokens: "u32", width: "u32", ...uniforms },
    declarations: `
alias Number = ${number};
fn horizontal(v: Number) -> f32 { return ${byFour ? "dot(v, vec4f(1.0))" : "v"}; }
${shared ? treeTotal(shared) : "fn totalOf(part: vec2f, lane: u32) -> vec2f { return part; }"}`,
    get body() {
      return `
let index = ${FLAT_GROUP};
${place}
let width = uniforms.width${byFour ? " / 4u" : ""};
let at = row * width; let ofBatch = batch * width;
let columns = f32(uniforms.width);
${body(each)}`;
    },
  };
}

/**
 * Runs `program` on the rows of [B, T, D].
 * @param uniforms values of the program's own uniforms
 */
export function dispatchRows(
  device: StudioDevice,
  program: RowProgram,
  [batches, tokens, width]: readonly [number, number, number],
  operands: { outputs: readonly TensorInfo[]; inputs: readonly TensorInfo[] },
  uniforms: readonly number[],
): void {
  const byFour = width % 4 === 0;
  const shared =
    device.tuning.kind === "shared"
      ? sharedRows(byFour ? width / 4 : width, batches * tokens)
      : undefined;
  const groups = shared
    ? (batches * tokens) / shared.rows
    : batches * Math.ceil(tokens / ROWS_A_GROUP);
  device.dispatch(rowProgram(program, shared, byFour), {
    ...operands,
    uniforms: [batches, tokens, width, ...uniforms],
    workgroups: spread(groups),
  });
}

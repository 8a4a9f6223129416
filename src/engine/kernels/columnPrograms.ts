import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { StudioDevice } from "./device";
import type { ComputeProgram, ElementType, UniformType } from "./program";

/** A program that sums columns of [B, T, D] over T, written once for one or several threads a column. */
export interface ColumnProgram {
  readonly name: string;
  readonly variant?: string;
  /** Every operand is read and written by columns, but for the names in `narrow`, which are f32. */
  readonly narrow?: ReadonlySet<string>;
  readonly outputs: readonly string[];
  readonly inputs: readonly string[];
  /** Before the loop. `ofBatch` is the column's place in [B, D], `Number` the element type. */
  readonly before?: string;
  /** For each token; `at` is the place in [B, T, D], `row` that in [B, T]. Adds to `sum0`, `sum1`, ... */
  readonly each: string;
  /** Outputs [B, D] that the sums go to, at most four. */
  readonly sums: readonly string[];
  readonly uniforms?: Readonly<Record<string, UniformType>>;
}

/** Threads of a workgroup: columns, and slices of the tokens that are added up at the end. */
const COLUMNS = 16;
const SLICES = 16;
const COLUMNS_A_GROUP = 32;

function columnProgram(program: ColumnProgram, shared: boolean, byFour: boolean): ComputeProgram {
  const { name, variant = "", narrow, outputs, inputs, before = "", each, sums } = program;
  const number = byFour ? "vec4f" : "f32";
  const bind = (names: readonly string[]) =>
    Object.fromEntries(
      names.map((key): [string, ElementType] => [key, narrow?.has(key) ? "f32" : number]),
    );
  // threads past the last column compute that column again: all threads must meet at the barriers
  const head = `
let width = uniforms.width${byFour ? " / 4u" : ""};
let batch = group.y;
let column = min(global.x, width - 1u);
let ofBatch = batch * width + column;
${sums.map((_, i) => `var sum${i} = Number();`).join(" ")}
${before}`;
  const loop = (start: string, step: string, live: string) => `
for (var token = ${start}; token < uniforms.tokens; token += ${step}) {
  let row = batch * uniforms.tokens + token;
  let at = row * width + column;
  let live = ${live};
  ${each}
}`;
  const inOneThread = `${head}
if (global.x >= width) { return; }
${loop("0u", "1u", "true")}
${sums.map((output, i) => `${output}[ofBatch] = sum${i};`).join("\n")}`;
  const inSlices = `${head}
${loop("local.y", `${SLICES}u`, "global.x < width")}
${sums
  .map(
    (output, i) => `
parts[local.y][local.x] = sum${i};
workgroupBarrier();
if (local.y == 0u && global.x < width) {
  var sum = parts[0][local.x];
  for (var s = 1u; s < ${SLICES}u; s++) { sum += parts[s][local.x]; }
  ${output}[ofBatch] = sum;
}
workgroupBarrier();`,
  )
  .join("")}`;
  return {
    name,
    variant: `${variant} ${shared ? "shared" : "register"} ${number}`,
    workgroupSize: shared ? [COLUMNS, SLICES, 1] : [COLUMNS_A_GROUP, 1, 1],
    outputs: bind(outputs),
    inputs: bind(inputs),
    uniforms: { tokens: "u32", width: "u32", ...program.uniforms },
    declarations: `alias Number = ${number};
${shared ? `var<workgroup> parts: array<array<Number, ${COLUMNS}>, ${SLICES}>;` : ""}`,
    body: shared ? inSlices : inOneThread,
  };
}

/**
 * Runs `program` on the columns of [B, T, D]; B at most 65535.
 * @param uniforms values of the program's own uniforms
 */
export function dispatchColumns(
  device: StudioDevice,
  program: ColumnProgram,
  [batches, tokens, width]: readonly [number, number, number],
  operands: { outputs: readonly TensorInfo[]; inputs: readonly TensorInfo[] },
  uniforms: readonly number[] = [],
): void {
  const shared = device.tuning.kind === "shared";
  const byFour = width % 4 === 0;
  const columns = byFour ? width / 4 : width;
  device.dispatch(columnProgram(program, shared, byFour), {
    ...operands,
    uniforms: [tokens, width, ...uniforms],
    workgroups: [Math.ceil(columns / (shared ? COLUMNS : COLUMNS_A_GROUP)), batches, 1],
  });
}

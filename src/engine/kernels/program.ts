/** Element types of bindings; vec4f is float32 memory read and written four numbers at a time. */
export type ElementType = "f32" | "vec4f" | "i32" | "u32";
export type UniformType = "u32" | "f32";

/** A WGSL compute program apart from its operands: one pipeline serves every shape it is dispatched with. */
export interface ComputeProgram {
  /** Its name in a profile. */
  readonly name: string;
  /** Distinguishes the programs of one name: two programs of equal name and variant have equal text. */
  readonly variant: string;
  readonly workgroupSize: readonly [number, number, number];
  /** Bound first, read and written. */
  readonly outputs: Readonly<Record<string, ElementType>>;
  /** Bound after the outputs, read only. */
  readonly inputs: Readonly<Record<string, ElementType>>;
  /** Scalars of `uniforms`, in the order their values are given. */
  readonly uniforms: Readonly<Record<string, UniformType>>;
  /** WGSL before `main`: functions, workgroup variables. */
  readonly declarations?: string;
  /** Statements of `main`; may use global, local, group, groups (vec3u) and lane (u32). */
  readonly body: string;
  /** Needs the device feature shader-f16. */
  readonly f16?: boolean;
  /** Needs the device feature subgroups. */
  readonly subgroups?: boolean;
}

export const programKey = ({ name, variant }: ComputeProgram): string =>
  `studio:${name}:${variant}`;

const bindings = (names: readonly (readonly [string, ElementType])[], access: string, at: number) =>
  names.map(
    ([name, type], i) =>
      `@group(0) @binding(${at + i}) var<storage, ${access}> ${name}: array<${type}>;`,
  );

/** The whole text of a program. */
export function wgslOf(program: ComputeProgram): string {
  const outputs = Object.entries(program.outputs);
  const inputs = Object.entries(program.inputs);
  const uniforms = Object.entries(program.uniforms);
  return [
    ...(program.f16 ? ["enable f16;"] : []),
    ...(program.subgroups ? ["enable subgroups;"] : []),
    `struct Uniforms { ${uniforms.map(([name, type]) => `${name}: ${type}`).join(", ")} }`,
    ...bindings(outputs, "read_write", 0),
    ...bindings(inputs, "read", outputs.length),
    `@group(0) @binding(${outputs.length + inputs.length}) var<uniform> uniforms: Uniforms;`,
    program.declarations ?? "",
    `@compute @workgroup_size(${program.workgroupSize.join(", ")})`,
    "fn main(@builtin(global_invocation_id) global: vec3u, @builtin(local_invocation_id) local: vec3u,",
    "        @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,",
    "        @builtin(local_invocation_index) lane: u32) {",
    program.body,
    "}",
  ].join("\n");
}

/** Uniform buffers are never empty, and their size is a multiple of these bytes. */
const UNIFORM_ALIGNMENT = 16;
const SCALAR_BYTES = 4;

/** The uniform values as bytes. */
export function uniformBytes(program: ComputeProgram, values: readonly number[]): ArrayBuffer {
  const types = Object.values(program.uniforms);
  const blocks = Math.max(1, Math.ceil((types.length * SCALAR_BYTES) / UNIFORM_ALIGNMENT));
  const view = new DataView(new ArrayBuffer(blocks * UNIFORM_ALIGNMENT));
  types.forEach((type, i) => {
    const at = i * SCALAR_BYTES;
    if (type === "u32") view.setUint32(at, values[i] ?? 0, true);
    else view.setFloat32(at, values[i] ?? 0, true);
  });
  return view.buffer;
}

/** WebGPU promises this many workgroups a dimension. */
const MOST_GROUPS = 65535;

/**
 * Workgroups for `count` of them in a row, wrapped into two dimensions where one is too short. The program
 * finds its own number by `FLAT_GROUP`, and must return when it is not below the count.
 */
export const spread = (count: number): [number, number, number] =>
  count <= MOST_GROUPS ? [count, 1, 1] : [MOST_GROUPS, Math.ceil(count / MOST_GROUPS), 1];

/** WGSL: the number of the workgroup among those of `spread`. */
export const FLAT_GROUP = "group.y * groups.x + group.x";

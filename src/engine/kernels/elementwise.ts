import type { ComputeProgram, ElementType } from "./program";

/** Numbers an element holds: four, or one where a size does not divide. */
export type Lanes = 4 | 1;

/** Four at a time where every one of `sizes` divides by four. */
export const lanesOf = (...sizes: readonly number[]): Lanes =>
  sizes.every((size) => size % 4 === 0) ? 4 : 1;

/** A binding of numbers looked at `lanes` at a time. */
export const elementOf = (lanes: Lanes): ElementType => (lanes === 4 ? "vec4f" : "f32");

/** Threads of a workgroup. */
const GROUP = 64;
/** Enough to fill any GPU; on software adapters each costs. */
const MOST_GROUPS = 4096;

type Parts = Pick<ComputeProgram, "name" | "outputs" | "inputs" | "body"> &
  Partial<Pick<ComputeProgram, "uniforms" | "declarations">>;

/**
 * A program that does the same for each element. Its first uniform is `count`, the number of elements; the body
 * finds the element's number under `i`.
 * @param variant tells apart what differs besides the lanes
 */
export const elementwise = (lanes: Lanes, parts: Parts, variant = ""): ComputeProgram => ({
  ...parts,
  variant: `${variant}${lanes}`,
  workgroupSize: [GROUP, 1, 1],
  uniforms: { count: "u32", ...parts.uniforms },
  body: `
for (var i = group.x * ${GROUP}u + lane; i < uniforms.count; i += groups.x * ${GROUP}u) {
${parts.body}
}`,
});

/** Workgroups of `elementwise` for this many elements; of very many, each thread takes several. */
export const elementGroups = (count: number): [number, number, number] => [
  Math.min(MOST_GROUPS, Math.ceil(count / GROUP)),
  1,
  1,
];

import { FLAT_GROUP, spread, type ComputeProgram, type ElementType } from "./program";

/** Numbers an element holds: four, or one where a size does not divide. */
export type Lanes = 4 | 1;

/** Four at a time where every one of `sizes` divides by four. */
export const lanesOf = (...sizes: readonly number[]): Lanes =>
  sizes.every((size) => size % 4 === 0) ? 4 : 1;

/** A binding of numbers looked at `lanes` at a time. */
export const elementOf = (lanes: Lanes): ElementType => (lanes === 4 ? "vec4f" : "f32");

/** Threads of a workgroup. */
const GROUP = 64;

type Parts = Pick<ComputeProgram, "name" | "outputs" | "inputs" | "body"> &
  Partial<Pick<ComputeProgram, "uniforms" | "declarations">>;

/**
 * A program with one thread an element. Its first uniform is `count`, the number of elements; the body finds its
 * own under `i`.
 * @param variant tells apart what differs besides the lanes
 */
export const elementwise = (lanes: Lanes, parts: Parts, variant = ""): ComputeProgram => ({
  ...parts,
  variant: `${variant}${lanes}`,
  workgroupSize: [GROUP, 1, 1],
  uniforms: { count: "u32", ...parts.uniforms },
  body: `
let i = (${FLAT_GROUP}) * ${GROUP}u + lane;
if (i >= uniforms.count) { return; }
${parts.body}`,
});

/** Workgroups of `elementwise` for this many elements. */
export const elementGroups = (count: number): [number, number, number] =>
  spread(Math.ceil(count / GROUP));

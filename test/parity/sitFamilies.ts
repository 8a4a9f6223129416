import { largestDifference, maxAbs, reductions, worstOf } from "./arrays";
import type { Fixture } from "./sitFixture";
import type { ParityResult } from "./types";

/** Whole tensors by parameter name, as this project computed them. */
export type Family = ReadonlyMap<string, Float32Array>;

/** Parameters a family speaks of: those with reductions, and those with stored elements. */
export function familyNames(fixture: Fixture, prefix: string): string[] {
  const stored = fixture.names
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length));
  return [...new Set([...Object.keys(fixture.manifest.checks[prefix] ?? {}), ...stored])];
}

export const wholeOf = (family: Family, name: string): Float32Array => {
  const values = family.get(name);
  if (!values) throw new Error(`this project has no parameter "${name}"`);
  return values;
};

/** Every `stride`-th element of a parameter, as the manifest's stride rule stores it. */
const strided = (values: Float32Array, stride: number): Float32Array =>
  Float32Array.from(
    { length: Math.ceil(values.length / stride) },
    (_, i) => values[i * stride] ?? NaN,
  );

export const strideOf = (fixture: Fixture, name: string): number =>
  fixture.manifest.parameters[name]?.stride ?? 1;

/**
 * Is the gradient of this element zero in exact arithmetic? Softmax ignores a shift common to all keys, so
 * what is stored is rounding noise: of the key third of qkv.bias, or of k_norm.bias where keys are normed.
 */
export function isNoise(fixture: Fixture, name: string, element: number): boolean {
  const { width, qkNorm } = fixture.shape;
  if (qkNorm) return name.endsWith("attn.k_norm.bias");
  return name.endsWith("attn.qkv.bias") && element >= width && element < 2 * width;
}

export interface ElementPair {
  readonly got: Float32Array;
  readonly want: Float32Array;
}

/** Stored elements beside ours, split into those with a real gradient and the noise. */
export function storedElements(
  fixture: Fixture,
  prefix: string,
  name: string,
  whole: Float32Array,
): { signal: ElementPair; noise: ElementPair } {
  const stride = strideOf(fixture, name);
  const want = fixture.numbers(prefix + name);
  const got = strided(whole, stride);
  if (got.length !== want.length) {
    throw new Error(`"${prefix}${name}" has ${want.length} elements, this project's ${got.length}`);
  }
  const pick = (wantNoise: boolean): ElementPair => {
    const keep = (_: number, i: number) => isNoise(fixture, name, i * stride) === wantNoise;
    return { got: got.filter(keep), want: Float32Array.from(want).filter(keep) };
  };
  return { signal: pick(false), noise: pick(true) };
}

/**
 * Reductions of whole tensors against the manifest's, given how far (l2) a tensor may be from the reference:
 * the sum may then differ by limit sqrt(numel) and the dot product by limit |param|.
 */
export function compareChecks(
  fixture: Fixture,
  prefix: string,
  family: Family,
  limit: (l2: number, count: number) => number,
  skip: (name: string) => boolean = () => false,
): ParityResult {
  const results = Object.entries(fixture.manifest.checks[prefix] ?? {})
    .filter(([name]) => !skip(name))
    .flatMap(([name, [sum, l2, dot]]): ParityResult[] => {
      const whole = wholeOf(family, name);
      const start = fixture.numbers(`param.${name}`);
      const [gotSum, gotL2, gotDot] = reductions(whole, start);
      const allowed = limit(l2, whole.length);
      const result = (what: string, error: number, tolerance: number): ParityResult => ({
        error: Number.isNaN(error) ? Infinity : error,
        tolerance,
        worst: `${name} (${what})`,
        compared: 1,
      });
      const [, startL2] = reductions(start, start);
      return [
        result("sum", Math.abs(gotSum - sum), allowed * Math.sqrt(whole.length)),
        result("l2", Math.abs(gotL2 - l2), allowed),
        result("dot", Math.abs(gotDot - dot), allowed * startL2),
      ];
    });
  return worstOf(results);
}

/** Elements of gradients: relative to each tensor's largest, noise absolutely. @source tolerances_more.gradients */
export function compareGradients(
  fixture: Fixture,
  prefix: string,
  family: Family,
  relative: number,
): ParityResult {
  const results = familyNames(fixture, prefix).flatMap((name): ParityResult[] => {
    const { signal, noise } = storedElements(fixture, prefix, name, wholeOf(family, name));
    const result = ({ got, want }: ElementPair, tolerance: number): ParityResult => ({
      error: largestDifference(got, want),
      tolerance,
      worst: name,
      compared: want.length,
    });
    return [
      result(signal, relative * maxAbs(fixture.numbers(prefix + name)) + 1e-8),
      ...(noise.want.length > 0 ? [{ ...result(noise, 1e-7), worst: `${name} (keys)` }] : []),
    ];
  });
  return worstOf(results);
}

/** Parameters after updates: `share` of all elements (99.9 % by default) within `most`, every one within `all`; noise left out. */
export function compareUpdates(
  fixture: Fixture,
  prefix: string,
  family: Family,
  { most, all, share = 0.999 }: { most: number; all: number; share?: number },
): ParityResult {
  const differences: { error: number; name: string }[] = [];
  for (const name of familyNames(fixture, prefix)) {
    const { signal } = storedElements(fixture, prefix, name, wholeOf(family, name));
    signal.want.forEach((want, i) => {
      const error = Math.abs((signal.got[i] ?? NaN) - want);
      differences.push({ error: Number.isNaN(error) ? Infinity : error, name });
    });
  }
  differences.sort((a, b) => a.error - b.error);
  const at = (position: number, tolerance: number, what: string): ParityResult => {
    const { error, name } = differences[position] ?? { error: Infinity, name: "nothing" };
    return { error, tolerance, worst: `${name} (${what})` };
  };
  const count = differences.length;
  const worst = worstOf([
    at(Math.max(0, Math.ceil(share * count) - 1), most, `${100 * share} % of elements`),
    at(count - 1, all, "largest"),
  ]);
  return { ...worst, compared: count };
}

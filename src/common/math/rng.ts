/**
 * Counter-based random numbers: a value depends only on (seed, stream, index, position), never on
 * what was drawn before. Resuming a run needs its step number, not a generator's state.
 *
 * @source Philox4x32-10: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011
 */

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;
const ROUNDS = 10;

/** High 32 bits of the 64-bit product of two unsigned 32-bit integers, by 16-bit halves; as a signed integer. */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  // none of the sums passes 2^32, so that Math.imul, which keeps 32 bits, is exact
  const low = Math.imul(aLow, bLow);
  const middle = (Math.imul(aHigh, bLow) + (low >>> 16)) | 0;
  const carry = ((middle & 0xffff) + Math.imul(aLow, bHigh)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) | 0;
}

/** Philox4x32-10 of a counter and a key, four words each and two. Plain numbers: a model draws millions of blocks. */
function philoxBlock(
  counter0: number,
  counter1: number,
  counter2: number,
  counter3: number,
  key0: number,
  key1: number,
  out: Uint32Array,
): void {
  let c0 = counter0 | 0;
  let c1 = counter1 | 0;
  let c2 = counter2 | 0;
  let c3 = counter3 | 0;
  let k0 = key0 | 0;
  let k1 = key1 | 0;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = mulHigh(M0, c0);
    const low0 = Math.imul(M0, c0);
    const high1 = mulHigh(M1, c2);
    const low1 = Math.imul(M1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + W0) | 0;
    k1 = (k1 + W1) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** One Philox block: four unsigned 32-bit words for a 128-bit counter and a 64-bit key, into `out`. */
export const philox4x32 = (
  [c0, c1, c2, c3]: readonly [number, number, number, number],
  [k0, k1]: readonly [number, number],
  out: Uint32Array,
): void => philoxBlock(c0, c1, c2, c3, k0, k1, out);

/** FNV-1a of a name: streams are called by name, so adding one never renumbers the others. */
export function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Names one sequence of numbers: the run's seed, what it is for, and which one (a step, an image). */
export interface RandomKey {
  readonly seed: number;
  readonly stream: string;
  readonly index?: number;
}

/** Words of a block. */
const LANES = 4;

/** Draws a sequence block by block: `draw(block)` fills the four words of `out`. */
function blocksOf({ seed, stream, index = 0 }: RandomKey) {
  const out = new Uint32Array(LANES);
  const [key0, key1] = [seed >>> 0, hashName(stream)];
  const [low, high] = [index >>> 0, Math.floor(index / 2 ** 32) >>> 0];
  return { out, draw: (block: number) => philoxBlock(block, low, high, 0, key0, key1, out) };
}

/** `count` unsigned 32-bit integers. */
export function randomUint32(key: RandomKey, count: number): Uint32Array {
  const words = new Uint32Array(count);
  const { out, draw } = blocksOf(key);
  for (let base = 0; base < count; base += LANES) {
    draw(base / LANES);
    for (let lane = 0; lane < LANES; lane++) words[base + lane] = out[lane] ?? 0; // past the end: ignored
  }
  return words;
}

/** `count` numbers uniform on the open interval (0, 1): the ends never occur, so log is safe. */
export function randomUniform(key: RandomKey, count: number): Float32Array {
  const uniforms = new Float32Array(count);
  const words = randomUint32(key, count);
  // 23 bits and a half step keep the float32 strictly inside the interval
  for (let i = 0; i < count; i++) uniforms[i] = (((words[i] ?? 0) >>> 9) + 0.5) * 2 ** -23;
  return uniforms;
}

/** `count` standard normals (Box-Muller in float64, rounded to float32). */
export function randomNormal(key: RandomKey, count: number): Float32Array {
  const normals = new Float32Array(count);
  const words = randomUint32(key, count + (count & 1));
  const uniform = (i: number) => ((words[i] ?? 0) + 0.5) * 2 ** -32;
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(uniform(i)));
    const angle = 2 * Math.PI * uniform(i + 1);
    normals[i] = radius * Math.cos(angle);
    normals[i + 1] = radius * Math.sin(angle); // past the end: ignored
  }
  return normals;
}

/** A permutation of 0..count-1 (Fisher-Yates; the modulo bias is below 2^-20 for any data set here). */
export function randomPermutation(key: RandomKey, count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const words = randomUint32(key, count);
  for (let i = count - 1; i > 0; i--) {
    const j = (words[i] ?? 0) % (i + 1);
    const swap = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = swap;
  }
  return order;
}

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

/** High 32 bits of the 64-bit product of two unsigned 32-bit integers, by 16-bit halves. */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16);
  const carry = (middle & 0xffff) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0;
}

/** One Philox block: four unsigned 32-bit words for a 128-bit counter and a 64-bit key, into `out`. */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
  out: Uint32Array,
): void {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = mulHigh(M0, c0);
    const low0 = Math.imul(M0, c0) >>> 0;
    const high1 = mulHigh(M1, c2);
    const low1 = Math.imul(M1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

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

function forEachWord(key: RandomKey, count: number, use: (position: number, word: number) => void) {
  const block = new Uint32Array(4);
  const stream = hashName(key.stream);
  const index = key.index ?? 0;
  const words: [number, number] = [key.seed >>> 0, stream];
  for (let base = 0; base < count; base += 4) {
    philox4x32([base >>> 2, index >>> 0, Math.floor(index / 2 ** 32) >>> 0, 0], words, block);
    for (let lane = 0; lane < 4 && base + lane < count; lane++) use(base + lane, block[lane] ?? 0);
  }
}

/** `count` unsigned 32-bit integers. */
export function randomUint32(key: RandomKey, count: number): Uint32Array {
  const out = new Uint32Array(count);
  forEachWord(key, count, (i, word) => (out[i] = word));
  return out;
}

/** `count` numbers uniform on the open interval (0, 1): the ends never occur, so log is safe. */
export function randomUniform(key: RandomKey, count: number): Float32Array {
  const out = new Float32Array(count);
  // 23 bits and a half step keep the float32 strictly inside the interval
  forEachWord(key, count, (i, word) => (out[i] = ((word >>> 9) + 0.5) * 2 ** -23));
  return out;
}

/** `count` standard normals (Box-Muller in float64, rounded to float32). */
export function randomNormal(key: RandomKey, count: number): Float32Array {
  const out = new Float32Array(count);
  let radius = 0;
  forEachWord(key, count + (count & 1), (i, word) => {
    const uniform = (word + 0.5) * 2 ** -32;
    if ((i & 1) === 0) {
      radius = Math.sqrt(-2 * Math.log(uniform));
      return;
    }
    const angle = 2 * Math.PI * uniform;
    out[i - 1] = radius * Math.cos(angle);
    if (i < count) out[i] = radius * Math.sin(angle);
  });
  return out;
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

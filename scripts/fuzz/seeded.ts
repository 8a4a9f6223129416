import { randomUint32 } from "../../src/common/math/rng";

const AT_ONCE = 64;

/** Whole numbers below a limit, one after another: the same seed gives the same. */
export function drawing(seed: number): (below: number) => number {
  const numbers = randomUint32({ seed, stream: "fuzz" }, AT_ONCE);
  let next = 0;
  return (below) => (numbers[next++ % AT_ONCE] ?? 0) % below;
}

/**
 * `count` numbers from `start` to `end`, both included (one number is `start`). Counted from the nearer end,
 * so that they are the same float64 bits as torch.linspace's: guidance intervals compare against them.
 */
export function linspace(start: number, end: number, count: number): Float64Array {
  const step = count > 1 ? (end - start) / (count - 1) : 0;
  return Float64Array.from({ length: count }, (_, i) =>
    i < count / 2 ? start + step * i : end - step * (count - 1 - i),
  );
}

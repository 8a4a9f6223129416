/**
 * Of what is left, the part of number `next` by its weight among those that have not been yet: what an earlier one did
 * not need is everybody's. The unit is that of `left`.
 */
export function shareOf(weights: readonly number[], next: number, left: number): number {
  const ahead = weights.slice(next).reduce((sum, weight) => sum + weight, 0);
  return ahead > 0 ? Math.max(0, (left * (weights[next] ?? 0)) / ahead) : 0;
}

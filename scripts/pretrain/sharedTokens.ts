import type { View } from "./augment";

/** The window of a picture that a view shows. */
export type ViewWindow = Pick<View, "width" | "height" | "centerX" | "centerY" | "angle">;

/** Place in the picture, in shares of its side, of a point of the view's own square [-0.5, 0.5]². */
function toPicture(view: ViewWindow, [x, y]: readonly [number, number]): readonly [number, number] {
  const [cos, sin] = [Math.cos(view.angle), Math.sin(view.angle)];
  const [u, v] = [x * view.width, y * view.height];
  return [view.centerX + cos * u - sin * v, view.centerY + sin * u + cos * v];
}

/** The inverse of `toPicture`. */
function toView(view: ViewWindow, [x, y]: readonly [number, number]): readonly [number, number] {
  const [cos, sin] = [Math.cos(view.angle), Math.sin(view.angle)];
  const [dx, dy] = [x - view.centerX, y - view.centerY];
  return [(cos * dx + sin * dy) / view.width, (cos * dy - sin * dx) / view.height];
}

/**
 * For each token of view `a`, the token of view `b` in which its centre lies; -1 where `b` does not show it.
 * Tokens are the squares of a `grid` by `grid` net, row-major.
 */
export function sharedTokens(a: ViewWindow, b: ViewWindow, grid: number): readonly number[] {
  return Array.from({ length: grid * grid }, (_, token) => {
    const centre = (at: number) => (at + 0.5) / grid - 0.5;
    const place = toPicture(a, [centre(token % grid), centre(Math.floor(token / grid))]);
    const [x, y] = toView(b, place);
    const [column, row] = [Math.floor((x + 0.5) * grid), Math.floor((y + 0.5) * grid)];
    const inside = column >= 0 && row >= 0 && column < grid && row < grid;
    return inside ? row * grid + column : -1;
  });
}

/**
 * Which kept tokens of two views show one place.
 * @param shared `sharedTokens` of each of N pairs
 * @returns [N, Ka, Kb] row-major, 1 where token `keptA[i]` of the first view lies in token `keptB[j]` of the second
 */
export function matchTable(
  shared: readonly (readonly number[])[],
  keptA: readonly number[],
  keptB: readonly number[],
): Float32Array {
  const placeOf = new Map(keptB.map((token, place) => [token, place]));
  const [rows, columns] = [keptA.length, keptB.length];
  const table = new Float32Array(shared.length * rows * columns);
  shared.forEach((tokens, pair) => {
    keptA.forEach((token, row) => {
      const column = placeOf.get(tokens[token] ?? -1);
      if (column !== undefined) table[(pair * rows + row) * columns + column] = 1;
    });
  });
  return table;
}

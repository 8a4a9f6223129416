import { StudioError } from "../errors/studioError";

/**
 * Side of the square token grid a square image is cut into; tokens are row-major, T = side².
 * @throws StudioError OUT_OF_RANGE when patches do not tile the image
 */
export function patchGridSide(imageSide: number, patchSize: number): number {
  const side = imageSide / patchSize;
  if (Number.isInteger(side) && side > 0) return side;
  throw new StudioError(
    "OUT_OF_RANGE",
    `An image of ${imageSide} px cannot be cut into patches of ${patchSize} px.`,
    "Choose a patch size that divides the side.",
  );
}

/** Side of the image an encoder must be given so that its token grid is `gridSide` wide, as REPA does. */
export const imageSideFor = (gridSide: number, patchSize: number): number => gridSide * patchSize;

/** Grid side of a square number of tokens, or undefined when there is none. */
export function squareGridSide(tokens: number): number | undefined {
  const side = Math.round(Math.sqrt(tokens));
  return tokens > 0 && side * side === tokens ? side : undefined;
}

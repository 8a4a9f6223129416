import type { Tensor } from "@tensorflow/tfjs-core";
import { StudioError } from "../../common/errors/studioError";

/** Refuses operands that do not belong together, naming each. @throws StudioError SHAPE_MISMATCH */
export function requireFit(
  fits: boolean,
  name: string,
  operands: Readonly<Record<string, Tensor | undefined>>,
  hint = "This is a fault of the program: please report it with the share link of the run.",
): void {
  if (fits) return;
  const shapes = Object.entries(operands).map(
    ([key, tensor]) => `${key} [${tensor?.shape.join(", ") ?? ""}]`,
  );
  throw new StudioError(
    "SHAPE_MISMATCH",
    `${name}: ${shapes.join(", ")} do not belong together.`,
    hint,
  );
}

export const hasShape = ({ shape }: Tensor, ...expected: readonly number[]): boolean =>
  shape.join() === expected.join();

import { StudioError } from "../../common/errors/studioError";
import { isFrozen } from "../models/transformerInit";
import { scopeOf } from "./parameterScope";

/** Elements between two places where a parameter may start: 256 bytes, as bindings demand. */
export const BLOCK = 64;
const FLOAT_BYTES = 4;

/** Where a parameter lies in the flat buffers, in elements. */
export interface FlatPlace {
  readonly arena: number;
  readonly offset: number;
  readonly shape: readonly number[];
}

/** Parameters one after the other in as few buffers ("arenas") as their largest size allows. */
export interface FlatLayout {
  readonly places: ReadonlyMap<string, FlatPlace>;
  /** Elements of each arena, multiples of `BLOCK`. */
  readonly arenaSizes: readonly number[];
  /**
   * Parts that are updated with numbers of their own: "frozen", "model", then each projector's scope.
   * A projector has had as many updates as steps it took part in.
   */
  readonly segments: readonly string[];
  /** For each arena, the segment of each block of 64 elements. */
  readonly segmentOfBlock: readonly Int32Array[];
}

/** The segment a parameter belongs to. */
const segmentOf = (name: string): string =>
  isFrozen(name) ? "frozen" : name.startsWith("projectors.") ? scopeOf(name) : "model";

/**
 * Parameters lie by name, whatever order they come in: the gradient's norm is summed in the order they lie, and a
 * state read from a checkpoint must give the bits of the state that was written.
 * @param shapes parameters' shapes by name
 * @param mostBytes of one buffer
 * @throws StudioError OUT_OF_MEMORY when one parameter alone is larger
 */
export function flatLayout(
  shapes: Readonly<Record<string, readonly number[]>>,
  mostBytes: number,
): FlatLayout {
  const most = Math.floor(mostBytes / FLOAT_BYTES / BLOCK) * BLOCK;
  const named = Object.entries(shapes).sort(([a], [b]) => (a < b ? -1 : 1));
  const segments = [...new Set(named.map(([name]) => segmentOf(name)))];
  const places = new Map<string, FlatPlace>();
  const blocks: number[][] = [[]];
  for (const [name, shape] of named) {
    const size = shape.reduce((product, side) => product * side, 1);
    const count = Math.ceil(size / BLOCK);
    if (count * BLOCK > most) {
      throw new StudioError(
        "OUT_OF_MEMORY",
        `The parameter "${name}" takes ${size * FLOAT_BYTES} bytes; this GPU binds at most ${mostBytes}.`,
        "Choose a smaller model.",
      );
    }
    if (((blocks.at(-1)?.length ?? 0) + count) * BLOCK > most) blocks.push([]);
    const arena = blocks.length - 1;
    const own = blocks[arena] ?? [];
    places.set(name, { arena, offset: own.length * BLOCK, shape });
    const segment = segments.indexOf(segmentOf(name));
    for (let i = 0; i < count; i++) own.push(segment);
  }
  return {
    places,
    arenaSizes: blocks.map((own) => own.length * BLOCK),
    segments,
    segmentOfBlock: blocks.map((own) => Int32Array.from(own)),
  };
}

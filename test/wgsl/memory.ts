import type { Expression, Module, WgslType } from "./syntax";
import { NotFollowed } from "./tokens";

/**
 * How memory of a type divides into elements: what WGSL protects from races one by one. An element is a scalar or
 * a whole vector, because a write to one component may write all of them; a matrix has one for each column.
 */
export interface Layout {
  /** Elements in all. */
  readonly size: number;
  /** What an index chooses, if the type has parts of one kind. */
  readonly parts?: { readonly of: Layout; readonly count: number };
  /** What a name chooses, in a structure: where it begins, and its layout. */
  readonly members?: ReadonlyMap<string, { readonly at: number; readonly of: Layout }>;
  /** A vector: an index or a name after it chooses a component. */
  readonly vector?: true;
}

const ELEMENT: Layout = { size: 1 };
const VECTOR: Layout = { size: 1, vector: true };

const arrayOf = (of: Layout, count: number): Layout => ({
  size: of.size * count,
  parts: { of, count },
});

/**
 * @param lengthOf evaluates the length of an array
 * @param elements of the buffer, which is the length of an array that names none
 */
export function layoutOf(
  type: WgslType,
  module: Module,
  lengthOf: (length: Expression) => number,
  elements: number,
): Layout {
  const inner = (of: WgslType) => layoutOf(of, module, lengthOf, elements);
  switch (type.kind) {
    case "scalar":
      return ELEMENT;
    case "vector":
      return VECTOR;
    case "matrix":
      return arrayOf(VECTOR, type.columns);
    case "array":
      return arrayOf(inner(type.of), type.length ? lengthOf(type.length) : elements);
    case "named": {
      const alias = module.aliases.get(type.name);
      if (alias) return inner(alias);
      const structure = module.structures.get(type.name);
      if (!structure) throw new NotFollowed(`the type ${type.name}`, 0);
      let size = 0;
      const members = new Map<string, { at: number; of: Layout }>();
      for (const [name, memberType] of structure) {
        const of = inner(memberType);
        members.set(name, { at: size, of });
        size += of.size;
      }
      return { size, members };
    }
  }
}

/** The element's place as it would be written in WGSL: "tile[3][5]". */
export function placeName(name: string, layout: Layout, element: number): string {
  const { parts, members } = layout;
  if (parts) {
    const index = Math.floor(element / parts.of.size);
    return placeName(`${name}[${index}]`, parts.of, element - index * parts.of.size);
  }
  for (const [member, { at, of }] of members ?? []) {
    if (element < at + of.size) return placeName(`${name}.${member}`, of, element - at);
  }
  return name;
}

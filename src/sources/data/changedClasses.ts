import { tidyClassName } from "./classNames";
import type { ClassChanges } from "../../common/protocol/datasets";
import type { ClassOrder, ImageSource } from "./imageSource";

/** The classes in their order after the changes: renamed, joined, without those that are left out. */
function changedOrder(order: ClassOrder, nameOf: (name: string) => string | null): ClassOrder {
  if (order === "byName") return order;
  // a name among numbers has no place in their order
  if (order === "byNumber") return "byName";
  return [...new Set(order.flatMap((name) => nameOf(name) ?? []))];
}

/**
 * A source with classes renamed, joined (several of one name) or left out, as the user decided before an import. Images
 * of a class that is left out are not read.
 */
export function withClassChanges(
  source: ImageSource,
  changes: ClassChanges | undefined,
): ImageSource {
  if (changes === undefined || changes.length === 0) return source;
  const changed = new Map(changes);
  const nameOf = (name: string): string | null => {
    const to = changed.get(name);
    if (to === null) return null;
    return to === undefined || to.trim() === "" ? name : tidyClassName(to);
  };
  return {
    ...source,
    // how many are left is known once they are listed
    images: null,
    classOrder: changedOrder(source.classOrder, nameOf),
    fingerprint: JSON.stringify([source.fingerprint, changes]),
    from: async function* (first) {
      let passed = 0;
      for await (const image of source.from(0)) {
        const className = nameOf(image.className);
        if (className === null) continue;
        passed += 1;
        if (passed > first) yield { ...image, className };
      }
    },
  };
}

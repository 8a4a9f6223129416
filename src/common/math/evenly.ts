/** At most `most` of a list, as evenly as it goes, the first and the last among them. @param most at least 2 */
export function evenly<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length <= most) return list;
  return Array.from({ length: most }, (_, i) => Math.round((i * (list.length - 1)) / (most - 1)))
    .map((at) => list[at])
    .filter((one) => one !== undefined);
}

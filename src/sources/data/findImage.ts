import type { FindImage } from "./listColumns";

const stem = (name: string): string => name.replace(/\.[^./]*$/, "");
const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** "./images\\cat\\1.PNG" as the same path everywhere. */
const normal = (written: string): string =>
  written
    .trim()
    .replaceAll("\\", "/")
    .replace(/^(\.\/|\/)+/, "")
    .normalize("NFC")
    .toLowerCase();

const endsWith = (path: string, end: string): boolean => path === end || path.endsWith(`/${end}`);

/**
 * Finds images as lists name them: by whole paths, by their ends ("cat/1.png" of "train/cat/1.png", or the other way
 * round where the list has been written on another machine), with or without the file's extension, in any case.
 *
 * @param paths of the images there are
 * @param folder the list's own, "" or with a slash at its end: what lies in it is preferred
 */
export function imageFinder(paths: readonly string[]): (folder: string) => FindImage {
  const normalPaths = paths.map(normal);
  const byName = new Map<string, number[]>();
  normalPaths.forEach((path, image) => {
    const name = baseName(path);
    for (const key of new Set([name, stem(name)])) {
      const known = byName.get(key);
      if (known) known.push(image);
      else byName.set(key, [image]);
    }
  });
  return (folder) => (written) => {
    const wanted = normal(written);
    const named = byName.get(baseName(wanted)) ?? [];
    const fits = named.filter((image) => {
      const path = normalPaths[image] ?? "";
      const bare = stem(path);
      return [path, bare].some((own) => endsWith(own, wanted) || endsWith(wanted, own));
    });
    const beside = fits.filter((image) => normalPaths[image]?.startsWith(normal(folder)));
    const [only, ...more] = beside.length > 0 ? beside : fits;
    if (more.length === 0) return only;
    // several of that name: the one at exactly that place
    const exact = [`${normal(folder)}${wanted}`, wanted];
    const [there, ...others] = fits.filter((image) => {
      const path = normalPaths[image] ?? "";
      return exact.includes(path) || exact.includes(stem(path));
    });
    return others.length === 0 ? there : undefined;
  };
}

import { dirname, join, normalize } from "node:path/posix";

/** What there is to cite. Paths are relative to the repository's root, with slashes. */
export interface Repository {
  readonly files: ReadonlySet<string>;
  /** Every folder that holds a file, at any depth. */
  readonly folders: ReadonlySet<string>;
  /** Scripts of package.json. */
  readonly scripts: ReadonlySet<string>;
  /** Anchors of the headings of a Markdown file. */
  readonly anchors: (path: string) => ReadonlySet<string>;
}

/** Folders at the root that a path may start with. */
const ROOTS = "src|workers|docs|scripts|test|e2e|bench|public|\\.github";
/** What may be left out at the end of a cited path. */
const ENDINGS = ["", ".ts", ".tsx", ".mjs", ".json"];

const isMarkdown = (path: string) => path.endsWith(".md");

/** The text in which a path without its root is a citation: comments of code, code spans of Markdown. */
function citingText(path: string, text: string): string {
  if (!/\.(md|[cm]?[jt]sx?|css)$/.test(path)) return "";
  const pattern = isMarkdown(path) ? /`[^`\n]+`/g : /\/\*[\s\S]*?\*\/|(?<![:"'`\\])\/\/.*/g;
  return (text.match(pattern) ?? []).join("\n");
}

const all = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([whole, group]) => group ?? whole);

/** Without what a sentence puts behind a path. */
const trimmed = (path: string) => path.replace(/[./-]+$/, "");

/** The folder before the first variable of a path (`*`, `<name>`, `NAME`); the whole path where there is none. */
const fixedPart = (path: string): string => {
  const at = path.search(/[*<{$]|(?<=\/)[A-Z]{3}/);
  return at === -1 ? path : path.slice(0, path.lastIndexOf("/", at));
};

/** Whether the path is a file, a folder, a file without its ending, or the number of a decision. */
export function isThere({ files, folders }: Repository, path: string): boolean {
  if (folders.has(path) || ENDINGS.some((ending) => files.has(`${path}${ending}`))) return true;
  return /\/\d{4}$/.test(path) && [...files].some((file) => file.startsWith(`${path}-`));
}

/**
 * Paths from the root: "src/engine/nn/linear.ts", "docs/decisions/0006". Streams of random numbers are named alike
 * in code, so outside of comments a path has an ending or three parts.
 */
function rootedPaths(repository: Repository, text: string, citing: string): string[] {
  const pattern = new RegExp(`(?<![\\w@./~-])(?:${ROOTS})/[\\w.@/*<>{}$-]+`, "g");
  const fixedPaths = (within: string) =>
    all(within, pattern).map((path) => fixedPart(trimmed(path)));
  const inText = fixedPaths(text).filter((path) => /\.\w+$|\/.+\//.test(path));
  return [...fixedPaths(citing), ...inText].filter((path) => !isThere(repository, path));
}

/**
 * Paths from a room or one of its folders: "sessions/run/stepReader", "kernels/linearOp.ts". Golden families are named
 * alike ("metrics/frechet"); files of the references (.py) and of the hub ("datasets/owner/name@revision") are not ours.
 */
function roomPaths(repository: Repository, citing: string): string[] {
  const rooms = [...repository.folders].filter((path) => /^src(\/[^/]+){1,2}$/.test(path));
  const names = [...new Set(rooms.map((path) => path.slice(path.lastIndexOf("/") + 1)))];
  const parents = [".", "test/golden", ...new Set(rooms.map((path) => dirname(path)))];
  const start = `(?<![\\w@./~-])(?:${names.join("|")})`;
  return all(citing, new RegExp(`${start}/[a-z][\\w.]*(?:/[\\w.]+)*(?![\\w@/])`, "g"))
    .map(trimmed)
    .filter((path) => !/\.(py|parquet)$/.test(path))
    .filter((path) => {
      const file = withoutMember(path);
      return !parents.some((parent) => isThere(repository, normalize(join(parent, file))));
    });
}

/** "datasets/datasets.loadDataset" cites a member of a file: the path without it. */
const withoutMember = (path: string): string =>
  /\.(tsx?|mjs|cjs|css|json|md)$/.test(path) ? path : path.replace(/\.\w+$/, "");

/** File names alone: "fillCaches.ts". */
function bareNames({ files }: Repository, text: string): string[] {
  const known = new Set([...files].map((path) => path.slice(path.lastIndexOf("/") + 1)));
  return all(text, /(?<![\w@./*-])[\w-]+(?:\.[\w-]+)*\.(?:tsx?|mts|mjs|cjs)\b/g).filter(
    (name) => !known.has(name),
  );
}

const unknownScripts = ({ scripts }: Repository, text: string): string[] =>
  all(text, /npm run (?:--silent )?([a-z][\w:-]*)/g)
    .filter((name) => !scripts.has(name))
    .map((name) => `npm run ${name}`);

const unknownDecisions = ({ files }: Repository, text: string): string[] =>
  all(text, /\bdecisions? (\d{4})\b/g)
    .filter((number) => ![...files].some((path) => path.startsWith(`docs/decisions/${number}-`)))
    .map((number) => `decision ${number}`);

/** Links and images of a Markdown file, with their anchors. */
function brokenLinks(repository: Repository, path: string, text: string): string[] {
  return all(text, /\]\(([^)\s]+)\)/g).filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? path : normalize(join(dirname(path), file));
    if (!isThere(repository, target)) return true;
    return anchor !== undefined && !repository.anchors(target).has(anchor);
  });
}

/** The anchors a forge gives to headings. */
export const anchorsOf = (markdown: string): ReadonlySet<string> =>
  new Set(
    all(markdown, /^#+ (.+)$/gm).map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );

/**
 * What a file cites that is not there: paths, scripts, decisions, links. Decision records are of their time: only
 * their links and numbers are held. Tests invent paths: only their comments are.
 */
export function missingCitations(repository: Repository, path: string, text: string): string[] {
  const citing = citingText(path, text);
  const held = /\.(test|spec)\.tsx?$/.test(path) ? citing : text;
  const paths = () => [
    ...rootedPaths(repository, held, citing),
    ...roomPaths(repository, citing),
    ...bareNames(repository, citing),
    ...unknownScripts(repository, held),
  ];
  const missing = [
    ...(path.startsWith("docs/decisions/") ? [] : paths()),
    ...unknownDecisions(repository, held),
    ...(isMarkdown(path) ? brokenLinks(repository, path, text) : []),
  ];
  return [...new Set(missing)];
}

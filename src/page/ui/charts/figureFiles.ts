import { csvText, fileName } from "./exportChart";
import type { ChartTable } from "./chartTable";
import { figureSvg } from "./figureSvg";

/** What a figure on the page is made of. */
export interface FigureSource {
  readonly title: string;
  readonly table: ChartTable;
  /** Lines that tell a reader without the page what is drawn. */
  readonly facts: readonly string[];
}

const SOURCES = new WeakMap<Element, FigureSource>();

/** Says what `figure` is made of, or that nothing is drawn in it; forgotten with it. */
export function describeFigure(figure: Element, source: FigureSource | null): void {
  if (source) SOURCES.set(figure, source);
  else SOURCES.delete(figure);
}

export interface NamedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const UTF8 = new TextEncoder();

/** Every described figure inside `root` as SVG and CSV, in the order of the page; names are told apart by a number. */
export function figureFiles(root: Element): readonly NamedFile[] {
  const files = new Map<string, Uint8Array>();
  for (const figure of root.querySelectorAll<HTMLElement>("figure")) {
    const source = SOURCES.get(figure);
    if (!source) continue;
    const { title, table, facts } = source;
    const name = unusedName(fileName(title, "svg"), files);
    files.set(name, UTF8.encode(figureSvg(figure, title, facts).text));
    files.set(name.replace(/svg$/, "csv"), UTF8.encode(csvText(table.header, table.rows())));
  }
  return [...files].map(([name, bytes]) => ({ name, bytes }));
}

function unusedName(name: string, taken: ReadonlyMap<string, unknown>): string {
  for (let count = 1; ; count++) {
    const tried = count === 1 ? name : name.replace(/\.svg$/, `-${count}.svg`);
    if (!taken.has(tried)) return tried;
  }
}

/** Redraws a figure of the page as one SVG: its plots, pictures and words where they stand, in the colours they have. */

const SVG = "http://www.w3.org/2000/svg";
const PAD = 2;
/** Of the lines below a figure, in px. */
const FACT = { size: 10, line: 14, left: 12 } as const;
/** Switches and what is only heard. */
const LEFT_OUT = "[data-no-export], button, input, [role=radiogroup]";
/** What CSS gives the SVG on the page and a lone SVG would lack. */
const INLINED = [
  "stroke",
  "fill",
  "stroke-width",
  "stroke-dasharray",
  "stroke-opacity",
  "fill-opacity",
  "opacity",
  "font-size",
  "font-weight",
  "text-anchor",
];

/** Attributes that mean something on the page alone. */
const OF_THE_PAGE = ["class", "style", "tabindex", "role", "aria-label"];

export interface FigureSvg {
  readonly text: string;
  /** Whole px. */
  readonly width: number;
  readonly height: number;
}

/** Where drawing goes, and how far it has reached. */
interface Sheet {
  readonly root: SVGElement;
  readonly origin: DOMRect;
  readonly resolve: (color: string) => string;
  right: number;
  bottom: number;
}

/**
 * @param figure its title, plots, legend and note are drawn; what matches `data-no-export` is not
 * @param title of the document, for those who hear it
 * @param facts lines below the figure: what a reader without the page cannot know
 */
export function figureSvg(
  figure: HTMLElement,
  title: string,
  facts: readonly string[] = [],
): FigureSvg {
  const style = getComputedStyle(figure);
  const origin = figure.getBoundingClientRect();
  const root = document.createElementNS(SVG, "svg");
  const resolve = colorResolver();
  const sheet: Sheet = { root, origin, resolve, right: origin.width, bottom: origin.height };
  const background = add(root, "rect", { fill: resolve(style.backgroundColor) });
  add(root, "title", {}).textContent = title;
  add(root, "desc", {}).textContent = figure.querySelector("figcaption")?.textContent ?? "";
  for (const child of figure.childNodes) draw(child, sheet);
  for (const fact of facts) drawFact(fact, sheet);
  const [width, height] = [Math.ceil(sheet.right), Math.ceil(sheet.bottom)];
  for (const element of [root, background]) setAll(element, { width, height });
  setAll(root, { viewBox: `0 0 ${width} ${height}`, "font-family": style.fontFamily });
  return { text: new XMLSerializer().serializeToString(root), width, height };
}

function draw(node: Node, sheet: Sheet): void {
  if (node instanceof Text) {
    drawWords(node, sheet);
    return;
  }
  if (!(node instanceof Element) || node.matches(LEFT_OUT)) return;
  const rect = node.getBoundingClientRect();
  const style = getComputedStyle(node);
  if (style.display === "none" || style.visibility === "hidden") return;
  if (node instanceof SVGSVGElement) {
    const copy = standalone(node, sheet.resolve);
    setAll(copy, placed(rect, sheet));
    sheet.root.append(copy);
  } else if (node instanceof HTMLCanvasElement) {
    const href = node.toDataURL();
    add(sheet.root, "image", {
      ...placed(rect, sheet),
      href,
      style: `image-rendering: ${style.imageRendering}`,
    });
  } else if (node.hasAttribute("data-swatch")) {
    drawSwatch(rect, style, sheet);
  } else {
    for (const child of node.childNodes) draw(child, sheet);
  }
}

/** Where an element stands on the sheet, which grows to hold it. */
function placed(rect: DOMRect, sheet: Sheet): Attributes {
  const [x, y] = [rect.left - sheet.origin.left, rect.top - sheet.origin.top];
  sheet.right = Math.max(sheet.right, x + rect.width + PAD);
  sheet.bottom = Math.max(sheet.bottom, y + rect.height + PAD);
  return { x, y, width: rect.width, height: rect.height };
}

/** The line of a legend's key: the top border of its element. */
function drawSwatch(rect: DOMRect, style: CSSStyleDeclaration, sheet: Sheet): void {
  const { x, y } = placed(rect, sheet);
  add(sheet.root, "line", {
    x1: x ?? 0,
    x2: Number(x) + rect.width,
    y1: Number(y) + 1,
    y2: Number(y) + 1,
    stroke: sheet.resolve(style.borderTopColor),
    "stroke-width": 2,
    ...(style.borderTopStyle === "dashed" && { "stroke-dasharray": "3 3" }),
  });
}

/** One text element for each line the browser broke the words into. */
function drawWords(node: Text, sheet: Sheet): void {
  const parent = node.parentElement;
  if (!parent || node.data.trim() === "") return;
  const style = getComputedStyle(parent);
  const size = parseFloat(style.fontSize);
  for (const { words, rect } of linesOf(node)) {
    const { x, y } = placed(rect, sheet);
    add(sheet.root, "text", {
      x: x ?? 0,
      y: Number(y) + rect.height / 2 + 0.35 * size,
      fill: sheet.resolve(style.color),
      "font-size": size,
      "font-weight": style.fontWeight,
    }).textContent = words;
  }
}

/** A line below everything that is drawn. */
function drawFact(words: string, sheet: Sheet): void {
  sheet.bottom += FACT.line;
  add(sheet.root, "text", {
    ...{ x: FACT.left, y: sheet.bottom - PAD },
    ...{ fill: sheet.resolve("var(--ink-dim)"), "font-size": FACT.size },
  }).textContent = words;
}

function linesOf(node: Text): readonly { words: string; rect: DOMRect }[] {
  const lines: { words: string; rect: DOMRect }[] = [];
  for (const match of node.data.matchAll(/\S+/g)) {
    const range = document.createRange();
    range.setStart(node, match.index);
    range.setEnd(node, match.index + match[0].length);
    const rect = range.getBoundingClientRect();
    const last = lines.at(-1);
    if (last && Math.abs(last.rect.top - rect.top) < 2) {
      last.words = `${last.words} ${match[0]}`;
      const { left, top, height } = last.rect;
      last.rect = new DOMRect(left, top, rect.right - left, height);
    } else if (rect.width > 0) {
      lines.push({ words: match[0], rect });
    }
  }
  return lines;
}

/** A copy of an SVG with the colours the page's style gives it. */
function standalone(svg: SVGSVGElement, resolve: Sheet["resolve"]): SVGSVGElement {
  const copy = document.importNode(svg, true);
  const originals = svg.querySelectorAll("*");
  copy.querySelectorAll<SVGElement>("*").forEach((element, index) => {
    const original = originals[index];
    if (!original) return;
    const style = getComputedStyle(original);
    for (const name of INLINED) {
      const value = style.getPropertyValue(name);
      const isColor = name === "stroke" || name === "fill";
      element.setAttribute(name, isColor ? resolve(value) : value);
    }
    for (const name of OF_THE_PAGE) element.removeAttribute(name);
  });
  for (const name of OF_THE_PAGE) copy.removeAttribute(name);
  return copy;
}

/** Colours as any viewer knows them: what a pixel painted with one becomes. */
function colorResolver(): (color: string) => string {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const known = new Map<string, string>();
  return (color) => {
    if (!context || color === "none" || color.startsWith("url(")) return color;
    const before = known.get(color);
    if (before !== undefined) return before;
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    const [r = 0, g = 0, b = 0, a = 0] = context.getImageData(0, 0, 1, 1).data;
    const found = a === 255 ? `rgb(${r}, ${g}, ${b})` : `rgba(${r}, ${g}, ${b}, ${a / 255})`;
    known.set(color, found);
    return found;
  };
}

type Attributes = Readonly<Record<string, string | number>>;

function setAll(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
}

function add(
  parent: Element,
  name: "rect" | "title" | "desc" | "line" | "text" | "image",
  attributes: Attributes,
) {
  const element = document.createElementNS(SVG, name);
  setAll(element, attributes);
  parent.append(element);
  return element;
}

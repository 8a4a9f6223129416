/** A chart as files: what is drawn as PNG, what was measured as CSV. */

const PIXEL_RATIO = 2;
const TITLE_HEIGHT = 30;
/** What CSS gives the SVG on the page and a lone SVG would lack. */
const INLINED = ["stroke", "fill", "stroke-width", "stroke-dasharray", "font-size", "opacity"];

export function saveBlob(blob: Blob, fileName: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Rows as RFC 4180 text; a hole stays empty. */
export function csvText(
  header: readonly string[],
  rows: Iterable<readonly (string | number | undefined)[]>,
): string {
  const cell = (value: string | number | undefined) => {
    const text = value === undefined ? "" : String(value);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [header, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

export const fileName = (title: string, extension: string): string =>
  `${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}.${extension}`;

/** Draws the figure's SVG with its title on the page's surface colour and saves it. */
export async function saveChartPng(figure: HTMLElement, title: string): Promise<void> {
  const svg = figure.querySelector("svg.recharts-surface");
  if (!(svg instanceof SVGSVGElement)) return;
  const { width, height } = svg.getBoundingClientRect();
  const style = getComputedStyle(figure);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(standalone(svg, width, height))}`;
  await image.decode();

  const canvas = document.createElement("canvas");
  canvas.width = width * PIXEL_RATIO;
  canvas.height = (height + TITLE_HEIGHT) * PIXEL_RATIO;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.scale(PIXEL_RATIO, PIXEL_RATIO);
  context.fillStyle = style.backgroundColor;
  context.fillRect(0, 0, width, height + TITLE_HEIGHT);
  context.fillStyle = style.color;
  context.font = `600 13px ${style.fontFamily}`;
  context.fillText(title, 12, 20);
  context.drawImage(image, 0, TITLE_HEIGHT, width, height);
  canvas.toBlob((blob) => {
    if (blob) saveBlob(blob, fileName(title, "png"));
  });
}

/** The SVG as text with the colours the page's style gives it. */
function standalone(svg: SVGSVGElement, width: number, height: number): string {
  const copy = document.importNode(svg, true);
  const originals = svg.querySelectorAll("*");
  copy.querySelectorAll<SVGElement>("*").forEach((element, index) => {
    const original = originals[index];
    if (!original) return;
    const style = getComputedStyle(original);
    for (const name of INLINED) element.style.setProperty(name, style.getPropertyValue(name));
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  copy.style.fontFamily = getComputedStyle(svg).fontFamily;
  return new XMLSerializer().serializeToString(copy);
}

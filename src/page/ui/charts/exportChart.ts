import { figureSvg } from "./figureSvg";

/** A figure as files: what is drawn as PNG and SVG, what was measured as CSV. */

const PIXEL_RATIO = 2;

export function saveBlob(blob: Blob, fileName: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/**
 * Rows as RFC 4180 text, each as long as the header; a hole stays empty. A text that a spreadsheet would compute, such as a
 * run's name that begins with "=", gets an apostrophe before it.
 */
export function csvText(
  header: readonly string[],
  rows: Iterable<readonly (string | number | undefined)[]>,
): string {
  const cell = (value: string | number | undefined) => {
    const isFormula = typeof value === "string" && /^[=+\-@\t\r]/.test(value);
    const text = `${isFormula ? "'" : ""}${value ?? ""}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return (
    [header, ...rows]
      .map((row) => header.map((_, column) => cell(row[column])).join(","))
      .join("\r\n") + "\r\n"
  );
}

/** A name every file system takes; "figure" where nothing of the title is left. */
export function fileName(title: string, extension: string): string {
  const plain = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  return `${plain.replaceAll(/^-|-$/g, "").slice(0, 80) || "figure"}.${extension}`;
}

/** Saves the figure as an SVG that needs nothing from this page. */
export function saveChartSvg(figure: HTMLElement, title: string, facts: readonly string[]): void {
  const { text } = figureSvg(figure, title, facts);
  saveBlob(new Blob([text], { type: "image/svg+xml" }), fileName(title, "svg"));
}

/** The same picture as pixels, two for each of the page's. */
export async function saveChartPng(
  figure: HTMLElement,
  title: string,
  facts: readonly string[],
): Promise<void> {
  const { text, width, height } = figureSvg(figure, title, facts);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = width * PIXEL_RATIO;
  canvas.height = height * PIXEL_RATIO;
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  canvas.toBlob((blob) => {
    if (blob) saveBlob(blob, fileName(title, "png"));
  });
}

import { figureSvg } from "../charts/figureSvg";

/** The look of the saved page: it has nothing else to go by. */
const STYLE = `body{font:14px/1.5 system-ui,sans-serif;max-width:1100px;margin:24px auto;padding:0 16px;color:#1b1b22}
table{border-collapse:collapse;margin:8px 0}th,td{text-align:left;padding:4px 14px 4px 0;border-bottom:1px solid #e4e4e9;vertical-align:top}
small,p{color:#5f5f6d}h2{font-size:19px}h3{font-size:15px;margin:22px 0 4px}img,svg{max-width:100%;height:auto}
.grids{display:flex;flex-wrap:wrap;gap:16px}figure{margin:0}`;

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Words of an element as lines of paragraphs; what is only for the page is left out. */
function words(element: Element): string {
  const copy = element.cloneNode(true);
  if (!(copy instanceof HTMLElement)) return "";
  for (const left of copy.querySelectorAll("[data-no-export]")) left.remove();
  return escaped(copy.textContent.trim());
}

/** A table without classes, styles and handlers. */
function plainTable(table: HTMLTableElement): string {
  const rows = [...table.rows].map((row) => {
    const cells = [...row.cells].map((cell) => {
      const tag = cell.tagName.toLowerCase();
      return `<${tag}>${escaped(cell.innerText)}</${tag}>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  return `<table>${rows.join("\n")}</table>`;
}

/** A run's samples as one picture inside the file: what its tiles are cut from. */
function gridPicture(figure: Element, picture: string | undefined): string {
  const caption = words(figure.querySelector("figcaption") ?? figure);
  return `<figure><figcaption>${caption}</figcaption>${picture ? `<img src="${picture}" alt="${caption}">` : ""}</figure>`;
}

/**
 * What the Compare view shows as one file that opens anywhere: tables, curves and samples inside, no script, nothing fetched.
 * @param pictures data URLs of the grids by the order of their figures
 */
export function compareDocument(
  article: HTMLElement,
  pictures: readonly (string | undefined)[],
  madeAt: Date,
): string {
  const parts: string[] = [];
  const verdict = article.querySelector("[role=note]");
  if (verdict) parts.push(`<p>${words(verdict)}</p>`);
  for (const section of article.querySelectorAll("section")) {
    const title = section.querySelector("h3");
    parts.push(
      `<h3>${escaped(title?.textContent ?? section.getAttribute("aria-label") ?? "")}</h3>`,
    );
    for (const table of section.querySelectorAll("table")) parts.push(plainTable(table));
    const grids = [...section.querySelectorAll("[data-grid]")];
    if (grids.length > 0) {
      parts.push(
        `<div class="grids">${grids.map((one, i) => gridPicture(one, pictures[i])).join("")}</div>`,
      );
    }
    for (const figure of section.querySelectorAll<HTMLElement>("figure:not([data-grid])")) {
      parts.push(figureSvg(figure, figure.getAttribute("aria-label") ?? "").text);
    }
    for (const hint of section.querySelectorAll(":scope > p")) parts.push(`<p>${words(hint)}</p>`);
  }
  const heading = escaped(article.querySelector("h2")?.textContent ?? "Runs compared");
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${heading} · REPA Studio</title><style>${STYLE}</style>
<h2>${heading}</h2><p>Saved by REPA Studio on ${madeAt.toISOString().slice(0, 10)}. Figures are of this browser's runs.</p>
${parts.join("\n")}
</html>
`;
}

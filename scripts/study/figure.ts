import { METRICS, MODELS, type Cell, type Metric, type Model } from "./draws";

const PANEL = { width: 330, height: 250, left: 62, top: 46, gap: 26 };
const INTERVAL = 1.96;
const TICKS = 5;

const TITLES: Readonly<Record<Metric, string>> = {
  kid: "KID × 1000",
  frechetTop: "Fréchet, top 32 PCs",
  frechetFull: "Fréchet, all dimensions",
};
const UNITS: Readonly<Record<Metric, string>> = {
  kid: "kernel distance × 1000",
  frechetTop: "squared feature units",
  frechetFull: "squared feature units",
};
const STYLES: Readonly<Record<Model, { colour: string; label: string; shift: number }>> = {
  perfect: { colour: "#1b7f4b", label: "two real halves", shift: 0 },
  contracted: { colour: "#b3261e", label: "second half with deviations × 0.85", shift: 4 },
  shifted: { colour: "#1f5fa8", label: "second half shifted by 2 % of the variance", shift: -4 },
};

/** A step of 1, 2 or 5 times a power of ten that divides the range into about `TICKS` parts. */
function tickStep(range: number): number {
  const power = 10 ** Math.floor(Math.log10(range / TICKS));
  return ([1, 2, 5].find((step) => step * power * TICKS >= range) ?? 10) * power;
}

const number = (value: number) => String(Number(value.toPrecision(3)));
const at = (value: number) => value.toFixed(1);

/** Means with 95 % of draws (mean ± 1.96 std) against n on a logarithmic axis. */
function panel(cells: readonly Cell[], metric: Metric, originX: number): string {
  const own = cells.filter((cell) => cell.metric === metric);
  const counts = [...new Set(own.map(({ n }) => n))];
  const ends = own.flatMap(({ mean, std }) => [mean - INTERVAL * std, mean + INTERVAL * std]);
  const [least, most] = [Math.min(0, ...ends), Math.max(...ends)];
  const step = tickStep(most - least);
  const [low, high] = [Math.floor(least / step) * step, Math.ceil(most / step) * step];
  const [firstN, lastN] = [Math.min(...counts), Math.max(...counts)];
  const { width, height, top } = PANEL;
  const x = (n: number) =>
    originX + 20 + ((width - 40) * Math.log(n / firstN)) / Math.log(lastN / firstN);
  const y = (value: number) => top + (height * (high - value)) / (high - low);
  const parts = [
    `<text x="${at(originX)}" y="${top - 12}" class="title">${TITLES[metric]}</text>`,
    `<text transform="translate(${at(originX - 44)} ${top + height / 2}) rotate(-90)" text-anchor="middle">${UNITS[metric]}</text>`,
    `<text x="${at(originX + width / 2)}" y="${top + height + 38}" text-anchor="middle">images a side, n</text>`,
  ];
  for (let value = low; value <= high + step / 2; value += step) {
    const line = `M${at(originX)} ${at(y(value))}H${at(originX + width)}`;
    parts.push(`<path d="${line}" class="${Math.abs(value) < step / 2 ? "zero" : "grid"}"/>`);
    parts.push(
      `<text x="${at(originX - 6)}" y="${at(y(value) + 4)}" text-anchor="end">${number(value)}</text>`,
    );
  }
  for (const n of counts) {
    parts.push(
      `<text x="${at(x(n))}" y="${top + height + 18}" text-anchor="middle">${n.toLocaleString("en")}</text>`,
    );
  }
  for (const model of MODELS) {
    const { colour, shift } = STYLES[model];
    const points = own.filter((cell) => cell.model === model);
    const line = points.map(({ n, mean }) => `${at(x(n) + shift)},${at(y(mean))}`).join(" ");
    parts.push(`<polyline points="${line}" stroke="${colour}" fill="none" stroke-width="1.5"/>`);
    for (const { n, mean, std } of points) {
      const bar = `M${at(x(n) + shift)} ${at(y(mean - INTERVAL * std))}V${at(y(mean + INTERVAL * std))}`;
      parts.push(`<path d="${bar}" stroke="${colour}" stroke-width="2" opacity="0.55"/>`);
      parts.push(`<circle cx="${at(x(n) + shift)}" cy="${at(y(mean))}" r="3" fill="${colour}"/>`);
    }
  }
  return parts.join("\n");
}

/** The study as one SVG: a panel a metric, on white so that it reads in either theme. */
export function figure(cells: readonly Cell[], caption: string): string {
  const { width, height, left, top, gap } = PANEL;
  const pitch = left + width + gap;
  const [total, tall] = [METRICS.length * pitch, top + height + 96];
  const panels = METRICS.map((metric, i) => panel(cells, metric, left + i * pitch));
  const legend = MODELS.map((model, i) => {
    const { colour, label } = STYLES[model];
    const from = left + i * 290;
    return `<circle cx="${from}" cy="${tall - 32}" r="4" fill="${colour}"/><text x="${from + 10}" y="${tall - 28}">${label}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total} ${tall}" width="${total}" height="${tall}" font-family="system-ui, sans-serif" font-size="12">
<title>${caption}</title>
<style>text{fill:#222}.title{font-weight:600;font-size:14px}.grid{stroke:#e3e3e3}.zero{stroke:#777}</style>
<rect width="${total}" height="${tall}" fill="#fff"/>
${panels.join("\n")}
${legend.join("\n")}
<text x="${left}" y="${tall - 8}">${caption}</text>
</svg>
`;
}

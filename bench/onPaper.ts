/**
 * `npm run bench:paper` writes docs/performance-on-paper.md: what a step would take on cards of which only the makers'
 * figures are known. Nothing is measured.
 */
import { readFile, writeFile } from "node:fs/promises";
import { planInput, planOf } from "../src/common/config/memoryPlan";
import { presetById } from "../src/common/config/presets";
import {
  fillOf,
  productOnPaper,
  type CardOnPaper,
  type ProductOnPaper,
} from "../src/engine/bench/onPaper";
import { stepFloor } from "../src/engine/bench/roofline";
import { stepProducts } from "../src/engine/bench/stepProducts";
import { PAPER_XL, workloadById, type Workload } from "../src/engine/bench/workloads";
import { sharedPlan, type TileSpeed } from "../src/engine/kernels/sharedPlan";
import { SHARED_TILES } from "../src/engine/kernels/sharedTile";
import { formatFile } from "./format";

const DOC = "docs/performance-on-paper.md";
const [BEGIN, END] = ["<!-- tables: begin -->", "<!-- tables: end -->"];

const CARDS: readonly (CardOnPaper & { readonly memory: number })[] = [
  { name: "H100 SXM", cores: 132, flops: 67e12, bandwidth: 3.35e12, memory: 80e9 },
  { name: "RTX 4070", cores: 46, flops: 29.1e12, bandwidth: 504e9, memory: 12e9 },
  { name: "M2, 10 cores", cores: 10, flops: 3.6e12, bandwidth: 100e9, memory: 16e9 },
  { name: "Iris Xe, 96 units", cores: 6, flops: 2.07e12, bandwidth: 68e9, memory: 8e9 },
];

const WORKLOADS = ["nano", "s2", "b2"].map((id) => workloadById(id));

/** All tiles as quick as each other: which of them is, only a card can tell. */
const equally = (tile: (typeof SHARED_TILES)[number]): TileSpeed => ({ tile, rate: 1 });
const [FIRST, ...OTHERS] = SHARED_TILES;
const SPEEDS = [equally(FIRST), ...OTHERS.map(equally)] as const;

const number = (value: number, digits = 3) =>
  Number(value.toPrecision(digits)).toLocaleString("en");

const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const named = ({ id, batch }: Workload) => `${id}, batch ${batch}`;

const onCard = (workload: Workload, card: CardOnPaper): readonly ProductOnPaper[] =>
  stepProducts(workload).map((product) => {
    const { m, n, k } = product;
    return productOnPaper(product, card, sharedPlan([m, n, k], fillOf(card), SPEEDS));
  });

/** A row a product: what it is, and for each card its workgroups, its least time and what sets it. */
function productTable(workload: Workload): string {
  const byCard = CARDS.map((card) => onCard(workload, card));
  const rows = stepProducts(workload).map(({ of, layout, m, n, k, times }, i) => {
    const cells = byCard.map((products) => {
      const { workgroups = 0, seconds = 0, limit = "" } = products[i] ?? {};
      return `${workgroups}; ${number(1e6 * seconds, 2)}; ${limit}`;
    });
    const { flops = 0, leastBytes = 0 } = byCard[0]?.[i] ?? {};
    return [
      ...[`${of} ${layout}`, `${m} x ${n} x ${k}`, times],
      ...[number(flops / 1e6), number(leastBytes / 1e6), ...cells],
    ];
  });
  const head = ["product", "M x N x K", "times", "MFLOP", "MB", ...CARDS.map(({ name }) => name)];
  return `### ${named(workload)}\n\n${table(head, rows)}`;
}

function stepTable(): string {
  const rows = [...WORKLOADS, PAPER_XL].flatMap((workload) => {
    const floor = stepFloor(workload);
    return CARDS.map((card) => {
      const products = onCard(workload, card).reduce(
        (sum, { product, seconds }) => sum + product.times * seconds,
        0,
      );
      const arithmetic = floor.flops / card.flops;
      const memory = floor.bytes / card.bandwidth;
      const ms = [products, arithmetic, memory, Math.max(arithmetic, memory)];
      return [named(workload), card.name, ...ms.map((seconds) => number(1e3 * seconds))];
    });
  });
  const head = ["step", "card", "products in turn", "arithmetic", "memory", "floor"];
  return table(head, rows);
}

/** What the paper's preset needs by micro-batch, with and without recomputing blocks. */
function largeTable(): string {
  const input = planInput(presetById("paper-xl2").experiment);
  const rows = [1, 8, 32].flatMap((microBatch) =>
    [false, true].map((recompute) => {
      const plan = planOf({ ...input, microBatch, recompute });
      const fits = CARDS.filter(({ memory }) => plan.peakBytes < memory).map(({ name }) => name);
      const gigabytes = [plan.stateBytes, plan.trainingBytes, plan.evaluationBytes, plan.peakBytes];
      return [
        ...[microBatch, recompute ? "yes" : "no"],
        ...gigabytes.map((bytes) => number(bytes / 1e9)),
        `${number(plan.largestBuffer.bytes / 1e9)} (${plan.largestBuffer.name})`,
        fits.join(", ") || "none",
      ];
    }),
  );
  const head = [
    ...["images at once", "blocks recomputed", "state, GB", "training, GB", "evaluation, GB"],
    ...["all, GB", "largest buffer, GB", "fits"],
  ];
  return table(head, rows);
}

const text = await readFile(DOC, "utf8");
const [before, rest] = text.split(BEGIN);
const after = rest?.split(END)[1];
if (before === undefined || after === undefined) throw new Error(`${DOC} lacks its markers.`);
const sections = [
  `## The floor of a step, in milliseconds\n\n${stepTable()}`,
  `## What SiT-XL/2 would need\n\n${largeTable()}`,
  `## Every product\n\nA cell: workgroups; least µs; what sets it.`,
  ...WORKLOADS.map(productTable),
];
await writeFile(DOC, `${before}${BEGIN}\n\n${sections.join("\n\n")}\n\n${END}${after}`);
formatFile(DOC);

import type { InMemoryDataset } from "./inMemory";
import { randomUniform } from "../../src/common/math/rng";

/** Random numbers one view takes. */
const DRAWS = 12;
const WHITE = 255;

/** Where a view lies in its picture, and what it does to the colours. Lengths are shares of the picture's side. */
export interface View {
  /** Side of the window of the picture that is shown, as a share of its side; above 1 shows a margin. */
  readonly width: number;
  readonly height: number;
  readonly centerX: number;
  readonly centerY: number;
  readonly angle: number;
  readonly gains: readonly [number, number, number];
  readonly contrast: number;
  readonly saturation: number;
}

const between = (u: number, low: number, high: number) => low + (high - low) * u;

/** How far a view may be from the picture itself. */
export interface ViewStrength {
  /** Least and largest share of the picture's area that a view shows. */
  readonly area: readonly [number, number];
  /** Largest logarithm of the stretch, largest turn in degrees. */
  readonly stretch: number;
  readonly degrees: number;
  /** Scales the changes of brightness, contrast and colour: 1 is the strongest. */
  readonly colour: number;
  /** Share of the views that lose their colours. */
  readonly grey: number;
}

/** A random window, turned a little, with changed colours. */
function drawView(u: Float32Array, { area, stretch, degrees, colour, grey }: ViewStrength): View {
  const at = (i: number) => u[i] ?? 0.5;
  const side = Math.sqrt(between(at(0), ...area));
  const tall = Math.exp(between(at(1), -stretch, stretch));
  const slack = Math.max(0, 1 - side) / 2 + 0.06;
  const brightness = 1 + colour * between(at(5), -0.25, 0.15);
  const gain = (i: number) => brightness * (1 + colour * between(at(i), -0.12, 0.12));
  return {
    width: side * tall,
    height: side / tall,
    centerX: 0.5 + between(at(2), -slack, slack),
    centerY: 0.5 + between(at(3), -slack, slack),
    angle: between(at(4), -1, 1) * ((degrees * Math.PI) / 180),
    gains: [gain(6), gain(7), gain(8)],
    contrast: 1 + colour * between(at(9), -0.25, 0.25),
    saturation: at(10) < grey ? 0 : 1 + colour * between(at(11), -0.4, 0.4),
  };
}

/** Bilinear sample into `out` (r, g, b); outside the picture is white paper, as its background. */
function sampleAt(
  rgb: Uint8Array,
  offset: number,
  side: number,
  [x, y]: readonly [number, number],
  out: Float32Array,
) {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  out.fill(0);
  for (let corner = 0; corner < 4; corner++) {
    const [px, py] = [left + (corner & 1), top + (corner >> 1)];
    const weight = (1 - Math.abs(x - px)) * (1 - Math.abs(y - py));
    const inside = px >= 0 && py >= 0 && px < side && py < side;
    const from = offset + (py * side + px) * 3;
    for (let c = 0; c < 3; c++) {
      out[c] = (out[c] ?? 0) + weight * (inside ? (rgb[from + c] ?? WHITE) : WHITE);
    }
  }
}

/** Writes one view of the picture at `offset` of `rgb` to `out` from `to`, in [-1, 1]. */
function renderView(
  rgb: Uint8Array,
  offset: number,
  side: number,
  view: View,
  out: Float32Array,
  to: number,
) {
  const [cos, sin] = [Math.cos(view.angle), Math.sin(view.angle)];
  const colour = new Float32Array(3);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const u = ((x + 0.5) / side - 0.5) * view.width;
      const v = ((y + 0.5) / side - 0.5) * view.height;
      const sourceX = (view.centerX + cos * u - sin * v) * side - 0.5;
      const sourceY = (view.centerY + sin * u + cos * v) * side - 0.5;
      sampleAt(rgb, offset, side, [sourceX, sourceY], colour);
      const [r = 0, g = 0, b = 0] = colour;
      const grey = 0.299 * r + 0.587 * g + 0.114 * b;
      const pixel = to + (y * side + x) * 3;
      for (let c = 0; c < 3; c++) {
        const vivid = grey + ((colour[c] ?? 0) - grey) * view.saturation;
        const lit = ((vivid - 128) * view.contrast + 128) * (view.gains[c] ?? 1);
        out[pixel + c] = Math.min(255, Math.max(0, lit)) / 127.5 - 1;
      }
    }
  }
}

/** Two images of each concept of the batch, as one list: first all of the one side, then their partners. */
export interface PairedImages {
  readonly first: readonly number[];
  readonly second: readonly number[];
}

/** The views of a step, as many as there are images: a function of (seed, step) alone. */
export function drawViews(
  count: number,
  strength: ViewStrength,
  { seed, step }: { readonly seed: number; readonly step: number },
): readonly View[] {
  const draws = randomUniform({ seed, stream: "pretrain/view", index: step }, count * DRAWS);
  return Array.from({ length: count }, (_, row) =>
    drawView(draws.subarray(row * DRAWS, (row + 1) * DRAWS), strength),
  );
}

/**
 * One view of each image: first the `first`, then the `second`.
 * @returns [2 pairs, side, side, 3] in [-1, 1]
 */
export function renderViews(
  data: InMemoryDataset,
  { first, second }: PairedImages,
  views: readonly View[],
): Float32Array {
  const side = data.resolution;
  const size = side * side * 3;
  const rgb = data.pixels([...first, ...second]);
  const out = new Float32Array(views.length * size);
  views.forEach((view, row) => {
    renderView(rgb, row * size, side, view, out, row * size);
  });
  return out;
}

/** Domains and ticks of both axes, computed here so that overlays and SVG agree to the pixel. */

export interface Scale {
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
}

const NICE = [1, 2, 2.5, 5, 10] as const;

/** The smallest of 1, 2, 2.5, 5 x 10^n that cuts `span` in at most `count` parts. */
function niceStep(span: number, count: number): number {
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  return (NICE.find((nice) => nice * power >= rough * (1 - 1e-9)) ?? 10) * power;
}

/** Multiples of `step` in [low, high]; rounding keeps 0.1 + 0.2 out of the labels. */
function multiples(low: number, high: number, step: number): number[] {
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
}

/** The step axis: from 0 to the last step exactly, ticks at whole nice steps. */
export function stepScale(lastStep: number, count = 6): Scale {
  const end = Math.max(1, lastStep);
  return { domain: [0, end], ticks: multiples(0, end, Math.max(1, niceStep(end, count))) };
}

/** Ticks between two ends that need not be ticks. @param least the smallest distance of two */
export function linearTicks(from: number, to: number, count: number, least: number): number[] {
  return multiples(from, to, Math.max(least, niceStep(to - from, count)));
}

/** A linear axis that ends on ticks; a flat series gets some air. */
export function linearScale(low: number, high: number, count = 5): Scale {
  const pad = high > low ? 0 : Math.max(Math.abs(high) * 0.1, 1e-6);
  const step = niceStep(high - low + 2 * pad, count);
  const from = Math.floor((low - pad) / step) * step;
  const to = Math.ceil((high + pad) / step) * step;
  return { domain: [from, to], ticks: multiples(from, to, step) };
}

/** A logarithmic axis for positive values: 1-2-5 ticks in few decades, powers of ten in many. */
export function logScale(low: number, high: number): Scale {
  const from = low / 1.08;
  const to = high * 1.08;
  const wide = Math.log10(to / from) > 3;
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(from)); 10 ** power <= to; power++) {
    for (const mantissa of wide ? [1] : [1, 2, 5]) {
      const tick = Number((mantissa * 10 ** power).toPrecision(6));
      if (tick >= from && tick <= to) ticks.push(tick);
    }
  }
  return ticks.length >= 2
    ? { domain: [from, to], ticks }
    : { domain: [from, to], ticks: multiples(from, to, niceStep(to - from, 4)) };
}

/** Lowest and highest finite value, or null when there is none. */
export function extent(
  values: Iterable<number | null | undefined>,
): readonly [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value === null || value === undefined || !Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
}

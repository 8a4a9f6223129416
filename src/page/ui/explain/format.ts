/** Numbers as the page writes them. Digits are plain (no separators) so that a step can be copied. */

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** 1234567 -> "1.2 MB": decimal units, as browsers count quota. */
export function formatBytes(bytes: number): string {
  if (!(bytes > 0)) return "0 B";
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), BYTE_UNITS.length - 1);
  const value = bytes / 1000 ** power;
  return `${value >= 100 || power === 0 ? value.toFixed(0) : value.toFixed(1)} ${BYTE_UNITS[power] ?? ""}`;
}

/** 675129632 -> "675 M". */
export function formatCount(count: number): string {
  if (count >= 1e9) return `${significant(count / 1e9)} B`;
  if (count >= 1e6) return `${significant(count / 1e6)} M`;
  if (count >= 1e4) return `${significant(count / 1e3)} k`;
  return String(count);
}

const significant = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(1));

/** 3725 s -> "1 h 02 min"; below a minute in seconds. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return "–";
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, "0")} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A measured value with four significant digits; exponents only where zeros would take over. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5))
    return minus(value.toExponential(2).replace(/\.?0+e/, "e"));
  return minus(Number(value.toPrecision(4)).toString());
}

/** An axis tick: as short as it can be, with at most `digits` significant digits. */
export function formatTick(value: number, digits = 4): string {
  const size = Math.abs(value);
  if (size >= 1e6) return minus(`${Number((value / 1e6).toPrecision(3))}M`);
  if (size >= 1e4) return minus(`${Number((value / 1e3).toPrecision(3))}k`);
  if (size !== 0 && size < 1e-3) return minus(value.toExponential(0));
  return minus(Number(value.toPrecision(digits)).toString());
}

/** Typographic minus: as wide as a digit, so columns of signed numbers line up. */
const minus = (text: string): string => text.replace("-", "−");

const STEP = { one: "step", many: "step" } as const;

/**
 * How fast something is: "12.3 step/s", or "3.2 s/step" when slower than one a second.
 * @param itemMs time one takes
 * @param item what is counted
 */
export function formatRate(
  itemMs: number,
  item: { readonly one: string; readonly many: string } = STEP,
): string {
  if (!(itemMs > 0)) return "–";
  return itemMs <= 1000
    ? `${(1000 / itemMs).toFixed(itemMs < 20 ? 0 : 1)} ${item.many}/s`
    : `${(itemMs / 1000).toFixed(1)} s/${item.one}`;
}

import type { ParityResult } from "./types";

/** Allowed error of a value v: abs + rel |v|. */
export interface Tolerance {
  readonly abs: number;
  readonly rel: number;
}

const FALLBACK: Tolerance = { abs: 1e-9, rel: 0 };
/** Beside a purely relative tolerance: an expected zero is still a rounded number. */
const ROUND_OFF = 1e-12;

/** Reads "abs 1e-8 + rel 1e-8, ..." as manifests write it: the first figure of each kind counts. */
export function parseTolerance(text: string | undefined): Tolerance {
  const figure = (kind: string) => {
    const found = new RegExp(`\\b${kind}\\s+(\\d[\\d.]*(?:e[+-]?\\d+)?)`, "i").exec(text ?? "");
    return found ? Number(found[1]) : undefined;
  };
  const abs = figure("abs");
  const rel = figure("rel");
  if (abs === undefined && rel === undefined) return FALLBACK;
  return { abs: abs ?? ROUND_OFF, rel: rel ?? 0 };
}

/** One compared number. `expected` null stands for the NaN that JSON cannot hold. */
interface Compared {
  readonly field: string;
  readonly error: number;
  readonly tolerance: number;
}

/** Gathers the numbers of a case and reports the one nearest to its limit. */
export class Comparison {
  private readonly all: Compared[] = [];

  constructor(private readonly tolerance: Tolerance) {}

  value(field: string, actual: number, expected: number | null, tolerance = this.tolerance): void {
    const allowed = tolerance.abs + tolerance.rel * Math.abs(expected ?? 0);
    const distance =
      expected === null ? (Number.isNaN(actual) ? 0 : Infinity) : Math.abs(actual - expected);
    this.all.push({
      field,
      error: Number.isNaN(distance) ? Infinity : distance,
      tolerance: allowed,
    });
  }

  values(field: string, actual: ArrayLike<number>, expected: ArrayLike<number>): void {
    if (actual.length !== expected.length) {
      this.all.push({ field: `${field}.length`, error: Infinity, tolerance: 0 });
    }
    for (let i = 0; i < expected.length; i++) {
      this.value(`${field}[${i}]`, actual[i] ?? NaN, expected[i] ?? NaN);
    }
  }

  result(): ParityResult {
    const share = ({ error, tolerance }: Compared) => (error === 0 ? 0 : error / tolerance);
    const worst = this.all.reduce<Compared | undefined>(
      (best, next) => (best && share(best) >= share(next) ? best : next),
      undefined,
    );
    if (!worst) return { error: Infinity, tolerance: 0, worst: "nothing compared", compared: 0 };
    const { error, tolerance, field } = worst;
    return { error, tolerance, worst: field, compared: this.all.length };
  }
}

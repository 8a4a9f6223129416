import { STEP_METRICS, valueOf } from "../../src/common/catalogue/liveMetrics";
import type { StepPoint } from "../../src/common/protocol/trainer";

const BAR_CHARS = 24;
/** The rate shown is the mean over so many steps. */
const RATE_STEPS = 50;
/** Lines of one amount where the output is no terminal: at each tenth. */
const AMOUNT_LINES = 10;

/** 75 -> "1:15", 4000 -> "1:06:40"; "?" when not known. */
export function clock(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const whole = Math.round(seconds);
  const pad = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes, rest] = [
    Math.floor(whole / 3600),
    Math.floor(whole / 60) % 60,
    whole % 60,
  ];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
}

/** Steps per second over the latest points; 0 when there are none. Evaluations in between do not count. */
export function recentRate(points: readonly StepPoint[]): number {
  const recent = points.slice(-RATE_STEPS);
  const ms = recent.reduce((sum, point) => sum + point.stepMs, 0);
  return ms > 0 ? (recent.length * 1000) / ms : 0;
}

const timing = (rate: number, stepsLeft: number) =>
  `${rate.toFixed(2)} step/s  ETA ${clock(stepsLeft / rate)}`;

/** The step's metrics in words: "loss 0.5000", "align -0.2500". */
const metricWords = (point: StepPoint): string[] =>
  STEP_METRICS.flatMap(({ id, word }) => {
    const value = valueOf(point, id);
    return word !== undefined && value !== undefined ? `${word} ${value.toFixed(4)}` : [];
  });

/**
 * A terminal's line: bar, step, rate, time left by that rate, losses, phase.
 * @param points the latest ones
 * @param step the last one done; the log may be some steps behind
 */
export function barLine(
  phase: string,
  points: readonly StepPoint[],
  step: number,
  totalSteps: number,
): string {
  const last = points.at(-1);
  const filled = Math.floor((step / totalSteps) * BAR_CHARS);
  const bar = "#".repeat(filled).padEnd(BAR_CHARS, ".");
  const head = `[${bar}] ${step}/${totalSteps}`;
  if (!last) return `${head}  ${phase}`;
  const metrics = metricWords(last).join(" ");
  return `${head}  ${timing(recentRate(points), totalSteps - step)}  ${metrics}  ${phase}`;
}

/** A step as a line of its own, for a log. @param points up to this step, the latest last */
export function stepLine(points: readonly StepPoint[], totalSteps: number): string {
  const last = points.at(-1);
  if (!last) return "";
  const { step } = last;
  const metrics = metricWords(last).join("  ");
  return `step ${step}/${totalSteps}  ${metrics}  ${timing(recentRate(points), totalSteps - step)}`;
}

/** How much of something is done. */
export interface Amount {
  /** "caching", "importing", "weights": what starts the line. */
  readonly what: string;
  readonly done: number;
  readonly total: number;
  readonly unit: string;
  /** Of the unit a second. */
  readonly rate?: number;
}

const amountLine = ({ what, done, total, unit, rate }: Amount): string =>
  `${what} ${done} of ${total} ${unit}${rate === undefined || rate === 0 ? "" : `, ${rate.toFixed(0)}/s`}`;

/** Output about a run while it trains. */
export interface Progress {
  readonly phase: (phase: string) => void;
  /** New points in step order; one that was shown already is passed over. */
  readonly points: (points: readonly StepPoint[]) => void;
  /** The step just done, where the log is known to be behind. */
  readonly step: (step: number) => void;
  readonly amount: (amount: Amount) => void;
  /** A message on a line of its own. */
  readonly note: (text: string) => void;
  readonly end: () => void;
}

/** The part of standard output or error that is used here. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly write: (text: string) => unknown;
}

/** Keeps the points that were not shown before, in step order. */
function createShown() {
  let shown: readonly StepPoint[] = [];
  return {
    latest: () => shown,
    /** Adds the next one; false when it is not newer than what was shown. */
    add(point: StepPoint): boolean {
      if (point.step <= (shown.at(-1)?.step ?? 0)) return false;
      shown = [...shown.slice(1 - RATE_STEPS), point];
      return true;
    },
  };
}

/** A bar that is drawn in place. */
function terminalProgress({ write }: ProgressStream, totalSteps: number): Progress {
  const shown = createShown();
  let phase = "starting";
  let step = 0;
  const line = (text: string) => void write(`\r\x1b[2K${text}`);
  const draw = () => line(barLine(phase, shown.latest(), step, totalSteps));
  return {
    phase: (next) => {
      phase = next;
      draw();
    },
    points: (points) => {
      for (const point of points) if (shown.add(point)) step = Math.max(step, point.step);
      draw();
    },
    step: (next) => {
      step = Math.max(step, next);
      draw();
    },
    amount: (amount) => line(amountLine(amount)),
    note: (text) => void write(`\r\x1b[2K${text}\n`),
    end: () => void write("\n"),
  };
}

/** One line a step, a phase, a tenth of an amount: for files and pipes. */
function lineProgress({ write }: ProgressStream, totalSteps: number): Progress {
  const shown = createShown();
  let shownPhase = "";
  let shownAmount = "";
  const line = (text: string) => void write(`${text}\n`);
  return {
    phase: (phase) => {
      if (phase !== shownPhase) line(phase);
      shownPhase = phase;
    },
    points: (points) => {
      for (const point of points) if (shown.add(point)) line(stepLine(shown.latest(), totalSteps));
    },
    step: () => undefined, // its line comes with its losses
    amount: (amount) => {
      const tenth = Math.floor((AMOUNT_LINES * amount.done) / Math.max(1, amount.total));
      const id = `${amount.what} ${tenth}`;
      if (id !== shownAmount) line(amountLine(amount));
      shownAmount = id;
    },
    note: line,
    end: () => undefined,
  };
}

/** Draws a bar on a terminal; elsewhere each step, phase and tenth of an amount is a line, once and in order. */
export const createProgress = (stream: ProgressStream, totalSteps: number): Progress => {
  const own = { write: (text: string) => stream.write(text) };
  return (stream.isTTY ? terminalProgress : lineProgress)(own, totalSteps);
};

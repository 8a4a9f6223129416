import type { RunRecord } from "../../src/storage/db";
import type { StepPoint } from "../../src/protocol/trainer";

const BAR_CHARS = 24;
/** The rate shown is the mean over so many steps. */
const RATE_STEPS = 50;

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

/**
 * One line: bar, step, rate, time left by that rate, losses, phase.
 * @param step the last one done; the log may be some steps behind
 */
export function progressLine(
  { phase }: Pick<RunRecord, "phase">,
  points: readonly StepPoint[],
  step: number,
  totalSteps: number,
): string {
  const last = points.at(-1);
  const filled = Math.floor((step / totalSteps) * BAR_CHARS);
  const bar = "#".repeat(filled).padEnd(BAR_CHARS, ".");
  const rate = recentRate(points);
  const head = `[${bar}] ${step}/${totalSteps}`;
  if (!last) return `${head}  ${phase}`;
  const eta = clock((totalSteps - step) / rate);
  const losses = `loss ${last.velocityLoss.toFixed(4)} align ${last.projLoss.toFixed(4)}`;
  return `${head}  ${rate.toFixed(2)} step/s  ETA ${eta}  ${losses}  ${phase}`;
}

/** Between two lines where the output is not a terminal. */
const LOG_EVERY_MS = 15_000;

/** Draws on a terminal in place, elsewhere as a line now and then. */
export function progressPrinter(stream: NodeJS.WriteStream, nowMs: () => number) {
  let shownMs = -Infinity;
  let shownPhase = "";
  return {
    show(line: string, phase: string) {
      if (stream.isTTY) stream.write(`\r\x1b[2K${line}`);
      else if (phase !== shownPhase || nowMs() - shownMs >= LOG_EVERY_MS) {
        shownMs = nowMs();
        stream.write(`${line}\n`);
      }
      shownPhase = phase;
    },
    /** A message of its own, above the bar. */
    note(text: string) {
      stream.write(stream.isTTY ? `\r\x1b[2K${text}\n` : `${text}\n`);
    },
    end() {
      if (stream.isTTY) stream.write("\n");
    },
  };
}

export type ProgressPrinter = ReturnType<typeof progressPrinter>;

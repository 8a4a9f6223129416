import { toFailure, StudioError } from "../../../common/errors/studioError";

/** A part of the page that threw while it was drawn. */
export interface Fault {
  /** The part, as the user knows it: "Samples". */
  readonly what: string;
  readonly thrown: unknown;
  /** Which component threw, inside which; null until React says so. */
  readonly componentStack: string | null;
}

/** What was thrown, in one line. Unforeseen errors keep the name of their kind. */
export function faultMessage(thrown: unknown): string {
  if (thrown instanceof StudioError) return `${thrown.code}: ${thrown.message} ${thrown.hint}`;
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : toFailure(thrown).message;
}

/**
 * Everything a report needs, as text to copy.
 * @param environment what is known of page and browser, a line each
 */
export function faultDetails(fault: Fault, environment: readonly string[]): string {
  const { what, thrown, componentStack } = fault;
  const stack = thrown instanceof Error ? (thrown.stack ?? "") : "";
  return [
    `REPA Studio: “${what}” could not be shown.`,
    faultMessage(thrown),
    ...environment,
    ...(stack === "" ? [] : ["", stack]),
    ...(componentStack === null ? [] : ["", `In:${componentStack}`]),
  ].join("\n");
}

/** Of this page, for `faultDetails`. The fragment is left out: a share link may be long. */
export const environmentLines = (): readonly string[] => [
  `${location.pathname}${location.search}`,
  navigator.userAgent,
];

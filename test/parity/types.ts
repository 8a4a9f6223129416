/** How far one case is from the reference; it passes when error <= tolerance. */
export interface ParityResult {
  /** Largest absolute error; Infinity where a number was expected and none came out. */
  readonly error: number;
  /** Allowed error of the value that comes nearest to (or furthest past) its limit. */
  readonly tolerance: number;
  /** That value's name. */
  readonly worst?: string;
  /** How many numbers were compared. */
  readonly compared?: number;
}

export interface ParityCase {
  readonly name: string;
  /** Expected tensors of the fixture this case looks at, so that what nothing looks at can be named. */
  readonly covers?: readonly string[];
  readonly run: () => Promise<ParityResult> | ParityResult;
}

/** The numbers behind a figure. */
export interface ChartTable {
  readonly header: readonly string[];
  readonly rows: () => Iterable<readonly (string | number | undefined)[]>;
  /** A line for each run in it, for exports of the figure. */
  readonly runs?: readonly string[];
}

import { useMemo } from "react";
import type { StoredAnalysis } from "../../protocol/analysis";
import { ChartCard } from "../charts/ChartCard";
import { formatValue } from "../explain/format";
import { noteText, provenance } from "./figure";
import { resultsOf } from "./found";
import { intervalText, sampleRows, samplesTable } from "./samplesData";
import type { ShownSubject } from "./subjects";
import classes from "./analyse.module.css";

/** Every metric of the samples drawn, with its space, count, interval and what real images score. */
export function SamplesTable(props: {
  readonly results: readonly StoredAnalysis[];
  readonly subjects: readonly ShownSubject[];
}) {
  const { results, subjects } = props;
  const rows = useMemo(() => sampleRows(results, subjects), [results, subjects]);
  const stored = resultsOf(results, subjects, "samples").map((found) => found.stored);
  return (
    <ChartCard
      label="Sample metrics"
      title="Samples against real images"
      answers="the columns of the paper’s Tables 2 to 5"
      wide
      note={noteText([
        "EMA weights; real: two disjoint sets of real images, what a perfect model scores at this n",
        "95 % jackknife interval of KID; mean ± std of the inception score",
        ...(stored.length > 0 ? provenance(stored, 0) : []),
      ])}
      table={samplesTable(rows)}
      empty={
        rows.length === 0
          ? "No samples were measured: switch “Samples” on, then press Analyse"
          : null
      }
    >
      <div className={classes.scrollX} tabIndex={0} role="group" aria-label="Sample metrics">
        <table className={classes.numbers}>
          <thead>
            <tr>
              {["Subject", "Metric", "Space", "n", "Value", "Interval", "Real"].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={`${row.subject} ${row.metric} ${row.space} ${row.n}`}>
                <td>{row.subject}</td>
                <td>
                  {row.metric} {row.better === "lower" ? "↓" : "↑"}
                </td>
                <td>{row.space}</td>
                <td data-number="">{row.n}</td>
                <td data-number="">
                  <strong>{formatValue(row.value)}</strong>
                </td>
                <td data-number="">{intervalText(row)}</td>
                <td data-number="">{row.real === null ? "–" : formatValue(row.real)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {[...new Set(rows.flatMap(({ warning }) => warning ?? []))].map((warning) => (
        <p key={warning} className={classes.warns}>
          Full Fréchet distance: {warning}.
        </p>
      ))}
    </ChartCard>
  );
}

import { useMemo } from "react";
import type { StoredAnalysis } from "../../../common/protocol/analysis";
import { ChartCard } from "../charts/ChartCard";
import { formatValue } from "../explain/format";
import { noteText, provenance } from "./figure";
import { resultsOf } from "./found";
import { intervalText, metricLines, sampleRows, samplesTable, type SampleRow } from "./samplesData";
import type { ShownSubject } from "./subjects";
import classes from "./analyse.module.css";

/** Every metric of the samples drawn, with its space, count, interval and what real images score. */
export function SamplesTable(props: {
  readonly results: readonly StoredAnalysis[];
  readonly subjects: readonly ShownSubject[];
}) {
  const { results, subjects } = props;
  const rows = useMemo(() => sampleRows(results, subjects), [results, subjects]);
  const names = [...new Set(rows.map(({ subject }) => subject))];
  const stored = resultsOf(results, subjects, "samples").map((found) => found.stored);
  return (
    <ChartCard
      label="Sample metrics"
      title="Samples against real images"
      answers="the columns of the paper’s Tables 2 to 5"
      wide
      note={noteText([
        "EMA weights, n samples against real images; real: two disjoint sets of real images, what a perfect model scores at this n",
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
              {["Metric", "Space", "n", ...names, "Real"].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {metricLines(rows).map((line) => (
              <tr key={`${line.metric} ${line.space} ${line.n}`}>
                <td>
                  {line.metric} {line.better === "lower" ? "↓" : "↑"}
                  {line.warning !== null && (
                    <span className={classes.mark}> biased, see below</span>
                  )}
                </td>
                <td>{line.space}</td>
                <td>{line.n}</td>
                {names.map((name) => (
                  <td key={name}>
                    <Value row={line.bySubject.get(name)} />
                  </td>
                ))}
                <td>{line.real === null ? "–" : formatValue(line.real)}</td>
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

function Value({ row }: { readonly row: SampleRow | undefined }) {
  if (!row) return "–";
  return (
    <>
      <strong>{formatValue(row.value)}</strong> <small>{intervalText(row)}</small>
    </>
  );
}

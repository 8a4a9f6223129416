import { Warning } from "../components/Notes";
import { formatValue } from "../explain/format";
import { intervalText, type MetricLine, type SampleRow, type SamplesFigure } from "./samplesData";
import classes from "./analyse.module.css";

/** Metrics down, subjects across, and what real images score. */
export function SamplesBody({ figure }: { readonly figure: SamplesFigure }) {
  const { subjects, lines, warnings } = figure;
  return (
    <>
      <div className={classes.scrollX} tabIndex={0} role="group" aria-label="Sample metrics">
        <table className={classes.numbers}>
          <thead>
            <tr>
              {["Metric", "Space", "n"].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
              {subjects.map(({ key, label }) => (
                <th key={key} scope="col">
                  {label}
                </th>
              ))}
              <th scope="col">Real</th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <Line
                key={`${line.metric} ${line.space} ${line.n}`}
                line={line}
                subjects={subjects}
              />
            ))}
          </tbody>
        </table>
      </div>
      {warnings.map((warning) => (
        <Warning key={warning}>Full Fréchet distance: {warning}.</Warning>
      ))}
    </>
  );
}

function Line(props: { readonly line: MetricLine; readonly subjects: SamplesFigure["subjects"] }) {
  const { metric, better, warning, space, n, bySubject, real } = props.line;
  return (
    <tr>
      <td>
        {metric} {better === "lower" ? "↓" : "↑"}
        {warning !== null && <span className={classes.mark}> biased, see below</span>}
      </td>
      <td>{space}</td>
      <td>{n}</td>
      {props.subjects.map(({ key }) => (
        <td key={key}>
          <Value row={bySubject.get(key)} />
        </td>
      ))}
      <td>{real === null ? "–" : formatValue(real)}</td>
    </tr>
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

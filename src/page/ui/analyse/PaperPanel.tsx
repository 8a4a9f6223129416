import { CloseButton, TextInput, UnstyledButton } from "@mantine/core";
import { useMemo, useState } from "react";
import { PAPER_MARK, PAPER_SOURCE } from "../../../common/catalogue/paper";
import { arranged, cellText, paperTables, type ShownTable } from "./paperTables";
import { Heading, Hint } from "../components/Notes";
import classes from "./analyse.module.css";

/** Tables with more rows than this can be filtered. */
const LONG = 8;

/** The paper's tables beside the user's figures: number, section, units, and that they are the paper's. */
export function PaperPanel({ onClose }: { readonly onClose: () => void }) {
  const tables = useMemo(() => paperTables(), []);
  const { title, arxiv, data, samples, sampler, sampleSteps, batchSize } = PAPER_SOURCE;
  return (
    <aside className={classes.paper} aria-label="The paper's tables">
      <div className={classes.head}>
        <Heading>{PAPER_MARK}</Heading>
        <span className={classes.spacer} />
        <CloseButton size="sm" aria-label="Close the paper's tables" onClick={onClose} />
      </div>
      <Hint>
        <cite>{title}</cite>, arXiv:{arxiv}. {data}; {samples.toLocaleString("en")} samples,{" "}
        {sampler}, {sampleSteps} steps; batch {batchSize}. Other images, sizes and counts than here:
        shapes of curves compare, values do not.
      </Hint>
      {tables.map((table) => (
        <Table key={table.table} table={table} />
      ))}
    </aside>
  );
}

type Sort = { readonly column: number; readonly descending: boolean } | null;

/** Ascending, descending, then the paper's order again. */
function nextSort(sort: Sort, column: number): Sort {
  if (sort?.column !== column) return { column, descending: false };
  return sort.descending ? null : { column, descending: true };
}

function Table({ table }: { readonly table: ShownTable }) {
  const [sort, setSort] = useState<Sort>(null);
  const [words, setWords] = useState("");
  const name = `Table ${table.table}`;
  return (
    <details className={classes.paperTable} open={table.table === 2}>
      <summary>
        {name} <small>§ {table.section}</small>
        <br />
        <span>{table.title}</span>
      </summary>
      {table.rows.length > LONG && (
        <TextInput
          size="xs"
          mt={6}
          placeholder="Filter rows"
          aria-label={`Filter table ${table.table}`}
          value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
        />
      )}
      <div className={classes.scrollX} tabIndex={0} role="group" aria-label={name}>
        <table className={classes.numbers}>
          <Head
            columns={table.columns}
            sort={sort}
            onSort={(column) => setSort(nextSort(sort, column))}
          />
          <tbody>
            {arranged(table.rows, sort, words).map((row, place) => (
              <tr key={place}>
                {row.map((cell, column) => (
                  <td key={column} data-number={typeof cell === "number" || undefined}>
                    {cellText(cell)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className={classes.faint}>
        Units: {unitsOf(table)}
        {table.table === 4 && " * guidance within an interval of times, for REPA."}
      </p>
    </details>
  );
}

function Head(props: {
  readonly columns: ShownTable["columns"];
  readonly sort: Sort;
  readonly onSort: (column: number) => void;
}) {
  const { columns, sort, onSort } = props;
  const sortOf = (column: number) => {
    if (sort?.column !== column) return "none";
    return sort.descending ? "descending" : "ascending";
  };
  return (
    <thead>
      <tr>
        {columns.map(({ name, unit, better }, column) => (
          <th key={name} scope="col" title={unit} aria-sort={sortOf(column)}>
            <UnstyledButton className={classes.sort ?? ""} onClick={() => onSort(column)}>
              {name}
              {better && (better === "lower" ? " ↓" : " ↑")}
            </UnstyledButton>
          </th>
        ))}
      </tr>
    </thead>
  );
}

const unitsOf = ({ columns }: ShownTable): string =>
  `${columns.flatMap(({ name, unit }) => (unit ? `${name} ${unit}` : [])).join(", ")}; arrows: which way is better.`;

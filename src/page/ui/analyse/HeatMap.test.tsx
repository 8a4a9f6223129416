import { MantineProvider } from "@mantine/core";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { heatColor, HeatMap, heatRange } from "./HeatMap";
import { heatOverTimes } from "./heatData";
import { alignment, stored, subject } from "../../../../test/analysisResults";

const A = subject("a");
const data = heatOverTimes({
  results: [stored(A, alignment(0.5, [0.1, 0.4])), stored(A, alignment(0.1, [0.2]))],
  subjects: [A],
  measure: "cknna",
  encoder: "tiny-vit",
});

test("every value has a cell and a place in the table; what was not measured has no cell", () => {
  const html = renderToStaticMarkup(
    <MantineProvider>
      <HeatMap data={data} label="CKNNA, layer × t" />
    </MantineProvider>,
  );
  const [svg = "", table = ""] = [/<svg.*?<\/svg>/s, /<table.*<\/table>/s].map(
    (part) => part.exec(html)?.[0],
  );
  expect(svg.match(/<rect/g)).toHaveLength(3);
  expect(table).toContain("<td>0.4</td>");
  expect(table.match(/not measured/g)).toHaveLength(1);
  expect(html).toMatch(/<div[^>]*VisuallyHidden[^>]*><table/);
  expect(html).toContain("CKNNA from 0.1 to 0.4");
});

test("the ramp runs from its first colour to its last", () => {
  expect(heatRange(data.values)).toEqual([0.1, 0.4]);
  expect(heatColor(0)).toContain("var(--heat-last) 0.0%");
  expect(heatColor(1)).toContain("var(--heat-last) 100.0%");
});

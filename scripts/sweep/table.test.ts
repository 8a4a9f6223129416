import { expect, test } from "vitest";
import { exampleSummary } from "./exampleSummary";
import { csvTable, markdownTable } from "./table";

const RUNS = [
  exampleSummary({ projCoeff: 0, seed: 0, kid: 100 }),
  exampleSummary({ projCoeff: 0, seed: 1, kid: 120 }),
  exampleSummary({ projCoeff: 0.5, seed: 0, kid: 90 }),
];

test("CSV has a line a run, its settings and seed first", () => {
  const [head, first, second, third, end] = csvTable(RUNS, ["tiny-vit"]).split("\n");
  expect(head).toMatch(/^alignment\.projCoeff,seed,steps,tiny-vit: KID x 1000,/);
  expect(first).toMatch(/^0,0,1000,100,90.*,110,2,0\.1,0\.5,0\.25,0\.3,0\.8,120$/);
  expect(second).toMatch(/^0,1,1000,120,/);
  expect(third).toMatch(/^0\.5,0,1000,90,/);
  expect(end).toBe("");
});

test("a space that was not measured leaves its cells empty", () => {
  const [, first] = csvTable(RUNS, ["dinov2-s"]).split("\n");
  expect(first).toBe("0,0,1000,,,,,,,,0.3,0.8,120");
});

test("a setting that holds a list is one cell", () => {
  const run = {
    ...exampleSummary({ projCoeff: 0, seed: 0, kid: 100 }),
    settings: { a: ["x", "y"] },
  };
  expect(csvTable([run], []).split("\n")[1]).toMatch(/^"\[""x"",""y""\]",0,/);
});

test("for people there is a line a setting, its differences in pairs of one seed, and its blocks", () => {
  const more = exampleSummary({ projCoeff: 0.5, seed: 1, kid: 112 });
  const text = markdownTable([...RUNS, more], { spaces: ["tiny-vit"], against: 1 });
  expect(text).toMatch(/^\| 0 \| 0 1 \| 110\.0 ± 127\.1 \|/m);
  expect(text).toMatch(/^\| 0\.5 \| 0 1 \| 101\.0 ± 139\.8 \|/m);
  expect(text).toMatch(/^\| 0\.5 \| 2 \| -9\.0 ± 12\.7 \|/m); // 10 and 8 apart
  expect(text).toMatch(/^\| 0\.5 \| CKNNA with tiny-vit \| 0\.200 ± 0\.000 \| 0\.300 ± 0\.000 \|/m);
});

test("one setting alone has no differences, and one seed no interval", () => {
  const text = markdownTable(RUNS.slice(2), { spaces: ["tiny-vit"], against: 2 });
  expect(text).not.toContain("Differences");
  expect(text).toMatch(/^\| 0 \| 90\.0 \|/m);
});

test("later settings are compared with as many of the first ones as the plan says", () => {
  const third = exampleSummary({ projCoeff: 2, seed: 0, kid: 70 });
  const plan = { spaces: ["tiny-vit" as const], against: 2 };
  const [, first, second] = markdownTable([...RUNS, third], plan).split(/Differences to the \w+ /);
  expect(first).toMatch(/^\| 2 \| 1 \| -30\.0 \|/m);
  expect(second).toMatch(/^\| 2 \| 1 \| -20\.0 \|/m);
  expect(second).not.toMatch(/^\| 0\.5 \| 1 \|/m);
});

test("earlier steps are lines of the CSV and tables of their own, without a loss", () => {
  const [run] = RUNS;
  if (!run) throw new Error("no run");
  const { cknna, probe, quality } = exampleSummary({ projCoeff: 0, seed: 0, kid: 300 });
  const measured = { ...run, before: [{ step: 250, cknna, probe, quality }] };
  const [, first, second] = csvTable([measured], ["tiny-vit"]).split("\n");
  expect(first).toMatch(/^0,0,250,300,.*,0\.3,,$/);
  expect(second).toMatch(/^0,0,1000,100,/);
  const [, earlier] = markdownTable([measured], { spaces: ["tiny-vit"], against: 1 }).split(
    "At step 250.",
  );
  expect(earlier).toMatch(/^\| 0 \| 300\.0 \|/m);
});

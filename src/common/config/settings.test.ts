import { expect, test } from "vitest";
import { ControlChange, Experiment } from "./experiment";
import type { Condition } from "./fieldInfo";
import {
  conditionHolds,
  FORM_GROUPS,
  GROUPS,
  groupInfoOf,
  isShown,
  keepsResult,
  optionLabel,
  settingAt,
  SETTINGS,
  sliderEnd,
  type Setting,
} from "./settings";

const of = (path: string): Setting => {
  const setting = settingAt(path);
  if (!setting) throw new Error(`no setting ${path}`);
  return setting;
};

test("every setting of the schema has a control and its description", () => {
  const inSchema = GROUPS.flatMap((group) =>
    Object.keys(Experiment.parse({})[group]).map((key) => `${group}.${key}`),
  );
  expect(SETTINGS.map(({ path }) => path)).toEqual(inSchema);
  expect(SETTINGS.length).toBeGreaterThan(40);
  for (const { info, path, control } of SETTINGS) {
    expect([info.label, info.source], path).not.toContain("");
    expect(control.kind, path).not.toBe("");
  }
});

test("every text option of every setting has a label, and no label is of an option there is not", () => {
  for (const { path, control, info } of SETTINGS) {
    const options = "options" in control ? control.options : [];
    const texts = options.map(({ value }) => value).filter((value) => typeof value === "string");
    expect(Object.keys(info.options ?? {}).sort(), path).toEqual([...texts].sort());
    const labels = options.map(({ label }) => label);
    expect(labels, path).not.toContain("");
    expect(new Set(labels).size, path).toBe(labels.length);
  }
});

test("every group has a label and a place of its own in the form", () => {
  expect([...FORM_GROUPS].sort()).toEqual([...GROUPS].sort());
  expect(FORM_GROUPS.map((group) => groupInfoOf(group).place)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test("every condition names a setting there is and a value it can have", () => {
  for (const { path, info } of SETTINGS) {
    const conditions = [info.shownWhen, info.sameResult].filter(
      (condition) => condition !== undefined && condition !== true,
    );
    const single = (condition: Condition): Exclude<Condition, { every: unknown }>[] =>
      "every" in condition ? condition.every.flatMap(single) : [condition];
    for (const condition of conditions.flatMap(single)) {
      const { schema } = of(condition.setting);
      const value =
        "is" in condition ? condition.is : "isNot" in condition ? condition.isNot : condition.above;
      expect(schema.safeParse(value).success, path).toBe(true);
    }
  }
});

test("live settings are those a control change can hold", () => {
  const live = SETTINGS.filter(({ info }) => info.live).map(({ key }) => key);
  expect(live).toEqual(Object.keys(ControlChange.shape));
});

test("no two settings are the same argument of the reference's trainer", () => {
  const names = SETTINGS.flatMap(({ info: { trainer } }) =>
    trainer && "argument" in trainer ? trainer.argument : [],
  );
  expect(new Set(names).size).toBe(names.length);
});

test("the control of a setting is what its schema says", () => {
  expect(of("optimizer.steps").control).toEqual({
    kind: "number",
    integer: true,
    min: 1,
    max: 10_000_000,
    slider: null,
  });
  expect(of("alignment.projCoeff").control).toMatchObject({
    integer: false,
    min: 0,
    max: 10,
    slider: { max: 2, step: 0.05 },
  });
  expect(of("model.patchSize").control).toEqual({
    kind: "choice",
    options: [1, 2, 4, 8].map((value) => ({ value, label: String(value) })),
  });
  expect(of("model.qkNorm").control).toEqual({ kind: "switch" });
  expect(of("alignment.encoders").control).toMatchObject({ kind: "several", most: 3 });
  expect(of("optimizer.microBatch").control).toEqual({ kind: "batchDivisors" });
  expect(of("data.imported").control).toEqual({ kind: "imported" });
});

test("one word can be an option of two settings", () => {
  expect(optionLabel("alignment.objective", "cosine")).toBe("Cosine");
  expect(optionLabel("evaluation.space", "inception-v3")).toBe("Inception-v3 (FID)");
  expect(optionLabel("model.patchSize", 2)).toBe("2");
});

test("a setting is hidden while another one leaves it without a meaning", () => {
  const shown = (path: string, settings: Parameters<typeof Experiment.parse>[0]) =>
    isShown(of(path), Experiment.parse(settings));
  expect(shown("alignment.temperature", {})).toBe(false);
  expect(shown("alignment.temperature", { alignment: { objective: "ntxent" } })).toBe(true);
  expect(shown("model.width", { model: { size: "custom" } })).toBe(true);
  expect(shown("model.width", {})).toBe(false);
  expect(shown("sampling.guidanceLow", { sampling: { guidanceScale: 1 } })).toBe(false);
  expect(shown("sampling.guidanceLow", { sampling: { guidanceScale: 1.5 } })).toBe(true);
  expect(shown("optimizer.steps", {})).toBe(true);
});

test("micro-batches keep the result unless the objective compares within them", () => {
  const same = (objective: string) =>
    keepsResult(of("optimizer.microBatch"), Experiment.parse({ alignment: { objective } }));
  expect([same("cosine"), same("ntxent")]).toEqual([true, false]);
  expect(keepsResult(of("optimizer.recompute"), Experiment.parse({}))).toBe(true);
  expect(keepsResult(of("optimizer.steps"), Experiment.parse({}))).toBe(false);
});

test("a condition on a setting that does not exist does not hold", () => {
  const experiment = Experiment.parse({});
  expect(conditionHolds({ setting: "data.nothing", above: 0 }, experiment)).toBe(false);
});

test("the depth's slider ends where the model does", () => {
  const { control } = of("alignment.encoderDepth");
  if (control.kind !== "number" || !control.slider) throw new Error("a slider");
  expect(sliderEnd(control.slider, Experiment.parse({ model: { size: "B" } }))).toBe(12);
});

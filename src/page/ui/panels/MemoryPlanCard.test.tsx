import { MantineProvider } from "@mantine/core";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { Experiment } from "../../../common/config/experiment";
import { memoryPlan } from "../../../common/config/memoryPlan";
import {
  changesText,
  memorySuggestions,
  type SettingChange,
  type MemoryLimits,
} from "../../../common/config/memorySuggestions";
import type { Capability } from "../../store/deviceSlice";
import { createStudioStore } from "../../store/studioStore";
import { StoreContext } from "../useStudio";
import { MemoryPlanCard, MemoryPlanView } from "./MemoryPlanCard";

const nothing = () => undefined;

function markup(limits: MemoryLimits, locked = false): string {
  const experiment = Experiment.parse({ model: { size: "S" } });
  return renderToStaticMarkup(
    <MantineProvider>
      <MemoryPlanView
        plan={memoryPlan(experiment)}
        place={{ onGpu: true, backend: "webgpu" }}
        limits={limits}
        suggestions={memorySuggestions(experiment, limits)}
        family="sit"
        locked={locked}
        onBudget={nothing}
        onApply={nothing}
      />
    </MantineProvider>,
  );
}

const buttons = (html: string) =>
  [...html.matchAll(/<button[^>]*>.*?<\/button>/gs)].map(([button]) => ({
    text: button
      .replaceAll(/<[^>]*>/g, " ")
      .replaceAll(/\s+/g, " ")
      .trim(),
    disabled: button.includes(" disabled="),
  }));

test("a run that fits shows its total and offers no change", () => {
  const html = markup({ budgetBytes: 16e9 });
  expect(html).toContain('data-fits="true"');
  expect(html).toMatch(/aria-valuetext="\d\.\d GB of 16\.0 GB"/);
  expect(buttons(html)).toHaveLength(1);
});

test("one that does not fit says so and offers what would, with the bytes it would take", () => {
  const html = markup({ budgetBytes: 3e9 });
  expect(html).toContain("Over the budget of 3.0 GB.");
  expect(html.indexOf("Fits, with the same result")).toBeLessThan(html.indexOf("Recompute blocks"));
  expect(html.indexOf("Fits, with another result")).toBeGreaterThan(
    html.indexOf("Recompute blocks"),
  );
  const [, ...offers] = buttons(html);
  expect(offers.map(({ text }) => text.replace(/ \d[\d.]* GB$/, " …"))).toEqual([
    "Micro-batches of 64 …",
    "Recompute blocks …",
    "SiT-Micro …",
  ]);
  expect(
    buttons(markup({ budgetBytes: 2e9 }, true))
      .slice(1)
      .every((b) => b.disabled),
  ).toBe(true);
});

test("a budget nothing meets, and a device with small buffers, are said in words", () => {
  expect(markup({ budgetBytes: 1e6 })).toContain("Neither micro-batches, recomputation nor");
  expect(markup({ budgetBytes: 1e12, maxBindingBytes: 1e7 })).toContain(
    "This device allows buffers of 10.0 MB",
  );
});

test("changes are named for what they do", () => {
  const changes: readonly SettingChange[] = [
    { group: "model", name: "size", value: "B" },
    { group: "optimizer", name: "recompute", value: true },
    { group: "optimizer", name: "microBatch", value: 16 },
  ];
  expect(changesText(changes, "sit")).toBe("SiT-B, recompute blocks, micro-batches of 16");
  expect(changesText(changes, "dit")).toBe("DiT-B, recompute blocks, micro-batches of 16");
});

/** The card of a page on such a machine. */
function card(capability: Capability): string {
  const store = createStudioStore(
    Experiment.parse({ model: { size: "L" }, optimizer: { batchSize: 64 } }),
  );
  store.getState().setCapability(capability);
  return renderToStaticMarkup(
    <MantineProvider>
      <StoreContext value={{ ...store, getInitialState: store.getState }}>
        <MemoryPlanCard />
      </StoreContext>
    </MantineProvider>,
  );
}

test("only where there is a GPU is it GPU memory", () => {
  const software = { kind: "software", adapter: "SwiftShader" } as const;
  const adapter = "SwiftShader";
  expect(card({ kind: "webgpu", adapter: "a GPU" })).toContain("GPU memory, planned");
  expect(card({ kind: "slow", reason: software, adapter, backend: null })).not.toContain("GPU mem");
  expect(card({ kind: "checking" })).not.toContain("GPU mem");
});

test("the limit is that of the backend that was asked for", () => {
  const asked = { kind: "slow", reason: { kind: "asked" }, adapter: "the CPU" } as const;
  const budget = (backend: "wasm" | "cpu") =>
    /aria-valuemax="(\d+)/.exec(card({ ...asked, backend }))?.[1];
  expect(Number(budget("wasm"))).toBeLessThan(4e9); // what is of use of wasm's heap
  expect(Number(budget("cpu"))).toBe(4e9); // the person's own budget
});

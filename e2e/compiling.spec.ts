import { expect, test } from "./fixtures";
import { onlyAtEnd, tiny } from "./studio";

test.use({ backend: "webgpu", warm: true });

test("while GPU programs are compiled the status line counts them", async ({ studio }) => {
  test.setTimeout(300_000);
  await studio.openLink(tiny({ optimizer: { steps: 1000 }, evaluation: onlyAtEnd(1000) }));
  // programs may be compiled between two looks from outside: the page itself notes what it showed
  const shown = await studio.status.evaluateHandle((status) => {
    const texts: string[] = [];
    new MutationObserver(() => texts.push((status as HTMLElement).innerText)).observe(status, {
      subtree: true,
      childList: true,
      characterData: true,
    });
    return texts;
  });
  await studio.linkDialog.getByRole("button", { name: "Run it" }).click();
  await studio.waitForStep(1);
  const texts = await shown.jsonValue();
  const counts = texts.flatMap((text) => {
    const found = /GPU programs: (\d+) of (\d+) compiled/.exec(text);
    return found ? [[Number(found[1]), Number(found[2])] as const] : [];
  });
  expect(counts.length).toBeGreaterThan(1);
  for (const [done, all] of counts) expect(done).toBeLessThanOrEqual(all);
  expect(texts.find((text) => text.includes("GPU programs"))).toContain("Compiling");
  await studio.button("Stop").click();
  await studio.waitForPhase("Stopped");
});

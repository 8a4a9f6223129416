import { expect, test } from "./fixtures";
import { onlyAtEnd, tiny } from "./studio";

test.use({ backend: "wasm", warm: true });

test("mixed precision where there is no float16 is refused in words, and the run trains", async ({
  studio,
}) => {
  await studio.runLink(
    tiny({ optimizer: { steps: 4, mixedPrecision: true }, evaluation: onlyAtEnd(4) }),
  );
  await studio.waitForStep(2);
  const warning = studio.alert("Warning");
  await expect(warning).toContainText("Mixed precision is off");
  await expect(warning).toContainText("WebAssembly");
  await studio.waitForPhase("Finished");
  expect((await studio.newestRun()).experiment.optimizer.mixedPrecision).toBe(true);
});

import { expect, test } from "./fixtures";

test.use({ backend: "wasm" });

test("a run of a measured preset has the range of its reference runs behind its curves", async ({
  studio,
  page,
}) => {
  await page.goto("/?preset=first-minute&backend=wasm");
  await studio.button("Train").click();
  const reference = page.getByRole("switch", { name: "Reference runs" });
  await expect(reference).toBeChecked();
  await expect(studio.alert(/./), "the file was found and read").toHaveCount(0);
});

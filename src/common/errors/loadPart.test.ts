import { expect, test } from "vitest";
import { loadPart } from "./loadPart";

test("a part that does not come is a failure of the worker, with the browser's reason", async () => {
  await expect(loadPart(() => Promise.resolve({ ready: true }))).resolves.toEqual({ ready: true });
  const cause = new TypeError("Failed to fetch dynamically imported module");
  await expect(loadPart(() => Promise.reject(cause))).rejects.toMatchObject({
    code: "WORKER_FAILED",
    message: expect.stringContaining("Failed to fetch") as string,
    cause,
  });
});

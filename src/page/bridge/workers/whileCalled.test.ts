import { expect, test } from "vitest";
import { whileCalled } from "./whileCalled";

test("what arrives after the answer, or after the call failed, is not heard", async () => {
  const heard: number[] = [];
  let late: ((event: number) => void) | undefined;
  const call = (answer: Promise<string>) =>
    whileCalled<number, string>(
      (event) => heard.push(event),
      (listener) => {
        late = listener;
        listener(1);
        return answer;
      },
    );
  expect(await call(Promise.resolve("done"))).toBe("done");
  late?.(2);
  await expect(call(Promise.reject(new Error("gone")))).rejects.toThrow("gone");
  late?.(3);
  expect(heard).toEqual([1, 1]);
});

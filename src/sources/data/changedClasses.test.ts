import { expect, test } from "vitest";
import { withClassChanges } from "./changedClasses";
import { filesSource } from "./filesSource";

const files = ["cat/1.png", "dog/2.png", "dog/3.png", "owl/4.png"].map((path) => ({
  path,
  bytes: 1,
  read: () => Promise.resolve(new Uint8Array(1)),
}));

test("classes are renamed, joined and left out; going on counts what is left", async () => {
  const source = await filesSource("x", files);
  const changed = withClassChanges(source, [
    ["cat", " pet "],
    ["owl", "pet"],
    ["dog", null],
  ]);
  const listed = async (first: number) => {
    const rows: string[][] = [];
    for await (const { name, className } of changed.from(first)) rows.push([name, className]);
    return rows;
  };
  expect(await listed(0)).toEqual([
    ["cat/1.png", "pet"],
    ["owl/4.png", "pet"],
  ]);
  expect(await listed(1)).toEqual([["owl/4.png", "pet"]]);
  expect(changed.fingerprint).not.toBe(source.fingerprint);
  expect(withClassChanges(source, [])).toBe(source);
});

test("classes that a source numbers keep their order; one among numbers is ordered by name", () => {
  const source = {
    ...{ label: "x", images: 3, bytes: 3, fingerprint: "f", split: null, splits: [], notes: [] },
    from: async function* () {
      yield* await Promise.resolve([]);
    },
  };
  const order = (classOrder: readonly string[] | "byNumber") =>
    withClassChanges({ ...source, classOrder }, [
      ["b", "a"],
      ["c", null],
      ["d", ""],
    ]).classOrder;
  expect(order(["b", "a", "c", "d"])).toEqual(["a", "d"]);
  expect(order("byNumber")).toBe("byName");
});

import { expect, test } from "vitest";
import { hubRefOf, sourceText } from "./datasetsFlow";
import { viewAddress, viewOf } from "../links";

test("a hub source is read back as what the worker takes; a folder's is not one", () => {
  expect(hubRefOf("hub:frgfm/imagenette@main/full_size/train")).toEqual({
    repo: "frgfm/imagenette",
    revision: "main",
    config: "full_size",
    split: "train",
  });
  expect(hubRefOf("folder:pets@main/a/b")).toBeUndefined();
  expect(hubRefOf("hub:owner/name")).toBeUndefined();
});

test("sources are named as people read them", () => {
  const dataset = { repo: "o/n", revision: "main", config: "plain", split: "train" };
  expect(sourceText({ kind: "hub", dataset })).toBe("o/n, plain, split train");
  const files = [new File([], "a.zip"), new File([], "b.parquet")];
  expect(sourceText({ kind: "archives", files })).toBe("a.zip, b.parquet");
});

test("a view's address leads back to it", () => {
  expect(viewOf(viewAddress("data"))).toBe("data");
  expect(viewOf(viewAddress("train"))).toBe("train");
  expect(viewOf("#/run?x=abc")).toBe("train");
});

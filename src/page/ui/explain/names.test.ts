import { expect, test } from "vitest";
import { settingAt } from "../../../common/config/settings";
import { changeText, markText, valueText } from "./names";

test("a live change is a few letters, in the order of the form", () => {
  const change = {
    temperature: 0.125,
    encoderDepth: 3,
    projCoeff: 0.8,
    objective: "ntxent",
  } as const;
  expect(changeText(change)).toBe("λ 0.8, depth 3, NT-Xent, τ 0.125");
  expect(changeText({})).toBe("");
});

test("several encoders are named in text and counted on a chart", () => {
  const change = { projCoeff: 1, encoders: ["tiny-vit", "dinov2-b"] as const };
  const both = { ...change, encoders: [...change.encoders] };
  expect(changeText(both)).toBe("λ 1, tiny-vit + DINOv2-B");
  expect(markText(both)).toBe("λ 1, 2 encoders");
  expect(markText({ encoders: ["tiny-vit"] })).toBe("tiny-vit");
});

test("a value reads as its option, switch or number does", () => {
  const text = (path: string, value: Parameters<typeof valueText>[1]) => {
    const setting = settingAt(path);
    if (!setting) throw new Error(`no setting ${path}`);
    return valueText(setting, value);
  };
  expect(text("alignment.encoders", ["tiny-vit"])).toBe("Tiny ViT, trained here");
  expect(text("model.qkNorm", true)).toBe("on");
  expect(text("optimizer.microBatch", null)).toBe("none");
  expect(text("optimizer.learningRate", 1e-4)).toBe("1e−4");
  expect(text("evaluation.space", "inception-v3")).toBe("Inception-v3 (FID)");
  const imported = { hash: "0", source: "folder:cats", resolution: 64, classes: 2, images: 9 };
  expect(text("data.imported", imported)).toBe("folder:cats (9 at 64 px)");
  expect(text("data.dataset", undefined)).toBe("–");
});

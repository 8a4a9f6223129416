import { expect, test } from "vitest";
import { initialFiles } from "./bundleCheck.mjs";
import { nodeProblem } from "./nodeVersion.mjs";
import { lockSatisfied } from "./setup.mjs";

test.each(["20.19.0", "20.20.2", "22.13.0", "23.0.0", "24.1.0"])("Node %s serves", (version) => {
  expect(nodeProblem(version)).toBeUndefined();
});

test.each(["18.20.4", "20.18.3", "21.7.0", "22.12.0", "12.0.0"])(
  "Node %s gets a message with its version",
  (version) => {
    expect(nodeProblem(version)).toContain(`this is Node ${version}`);
  },
);

const lock = {
  packages: {
    "": {},
    "node_modules/a": { version: "1.0.0" },
    "node_modules/for-mac": { version: "2.0.0", optional: true },
  },
};

test("an install without another system's optional packages satisfies the lock", () => {
  expect(lockSatisfied(lock, { packages: { "node_modules/a": { version: "1.0.0" } } })).toBe(true);
});

test("a missing package or another version does not", () => {
  expect(lockSatisfied(lock, { packages: {} })).toBe(false);
  const old = { "node_modules/a": { version: "0.9.0" } };
  expect(lockSatisfied(lock, { packages: old })).toBe(false);
  const oldOptional = {
    "node_modules/a": { version: "1.0.0" },
    "node_modules/for-mac": { version: "1.9.9" },
  };
  expect(lockSatisfied(lock, { packages: oldOptional })).toBe(false);
});

test("first load is the entry, what it imports and their styles, not what it imports later", () => {
  const manifest = {
    "index.html": {
      file: "assets/main.js",
      isEntry: true,
      imports: ["_vendor.js"],
      dynamicImports: ["src/page/ui/late.ts"],
      css: ["assets/main.css"],
    },
    "_vendor.js": { file: "assets/vendor.js", imports: ["index.html"], css: ["assets/vendor.css"] },
    "src/page/ui/late.ts": { file: "assets/late.js" },
  };
  expect(initialFiles(manifest).sort()).toEqual([
    "assets/main.css",
    "assets/main.js",
    "assets/vendor.css",
    "assets/vendor.js",
  ]);
});

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** Colours of words and what they stand on: WCAG's 4.5:1 for text, in both themes. */
const LEAST = 4.5;

const css = readFileSync(new URL("./theme.css", import.meta.url), "utf8");

/** All variables of the rules whose selector has `part`, later rules last. */
function variables(part: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [, selector = "", body = ""] of css.matchAll(/([^{}]+)\{([^{}]*)\}/g)) {
    const name = selector.trim().split("\n").at(-1) ?? "";
    const ofTheme = /scheme="(\w+)"/.exec(name)?.[1];
    if (!name.includes(":root") || (ofTheme !== undefined && ofTheme !== part)) continue;
    for (const [, key = "", value = ""] of body.matchAll(/(--[\w-]+):\s*([^;]+);/g)) {
      found.set(key, value);
    }
  }
  return found;
}

type Rgb = readonly [number, number, number];

/** A colour as it is seen on an opaque one. */
function rgbOf(text: string, below: Rgb): Rgb {
  const hex = /^#([0-9a-f]{6})$/i.exec(text)?.[1];
  if (hex !== undefined) {
    const [r = 0, g = 0, b = 0] = [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));
    return [r, g, b];
  }
  const [r = 0, g = 0, b = 0, alpha = 1] = (text.match(/[\d.]+/g) ?? []).map(Number);
  const over = (value: number, under: number) => alpha * value + (1 - alpha) * under;
  return [over(r, below[0]), over(g, below[1]), over(b, below[2])];
}

function luminance([r, g, b]: Rgb): number {
  const linear = (value: number) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

function contrast(a: Rgb, b: Rgb): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return ((high ?? 0) + 0.05) / ((low ?? 0) + 0.05);
}

const WORDS = [
  "--ink",
  "--ink-dim",
  "--ink-faint",
  "--better",
  "--not-finite",
  "--paper",
  "--mark",
];
const TINTS = ["yellow", "red", "teal", "blue", "violet", "iris"];

for (const theme of ["light", "dark"]) {
  const of = variables(theme);
  const colour = (name: string, below: Rgb = [255, 255, 255]) => {
    const value = of.get(name);
    if (value === undefined) throw new Error(`${theme} has no ${name}`);
    return rgbOf(value, below);
  };

  test(`words of the ${theme} theme can be read on the page and on cards`, () => {
    for (const word of WORDS) {
      for (const ground of ["--canvas", "--surface"]) {
        const ratio = contrast(colour(word), colour(ground));
        expect(ratio, `${word} on ${ground}`).toBeGreaterThanOrEqual(LEAST);
      }
    }
  });

  test(`words of the ${theme} theme's badges and notices can be read on their tint`, () => {
    for (const tint of TINTS) {
      const ground = colour(`--mantine-color-${tint}-light`, colour("--surface"));
      const ratio = contrast(colour(`--mantine-color-${tint}-light-color`), ground);
      expect(ratio, tint).toBeGreaterThanOrEqual(LEAST);
    }
  });
}

import { readFile } from "node:fs/promises";
import { encode } from "fast-png";
import { describe, expect, test } from "vitest";
import { DataConfig, type Experiment } from "../../common/config/experiment";
import type { StudioErrorCode } from "../../common/errors/studioError";
import type { ReadFile } from "../../common/formats/readFile";
import { loadEmoji } from "./emoji";

const readPublic: ReadFile = async (name) =>
  new Uint8Array(await readFile(new URL(`../../../public/emoji/${name}`, import.meta.url)));
const load = (config: Partial<Experiment["data"]> = {}, read = readPublic) =>
  loadEmoji(read, DataConfig.parse(config));

describe("the committed data set", () => {
  test("has 1,906 concepts in two styles, nine classes and a tenth held out", async () => {
    const data = await load();
    expect(data.size).toBe(3812);
    expect(data.heldOutIndices.length).toBe(382);
    expect(data.trainIndices.length).toBe(3430);
    expect(data.classNames).toHaveLength(9);
    expect(data.hash).toMatch(/^[0-9a-f]{64}$/);
    const sides = [...data.trainIndices, ...data.heldOutIndices].sort((a, b) => a - b);
    expect(sides).toEqual(Array.from({ length: data.size }, (_, i) => i));
  });

  test("has the pixels and the hash it had when each style was one sheet", async () => {
    const data = await load();
    const rgb = await data.readRgb(Uint32Array.from({ length: data.size }, (_, image) => image));
    expect(await sha256(rgb)).toBe(
      "c713b93f0e467ae1dfb8868da97b2625a9a42a9443ffc5ed3a058a3303645603",
    );
    expect(data.hash).toBe("a959bb8eee4113720f47d5d5d1f2160bd69ba420f1fcc82c4a13a811c5a029f3");
  });

  test("never splits a concept between the sides", async () => {
    const data = await load({ holdOutFraction: 0.3 });
    const trained = new Set(Array.from(data.trainIndices, data.groupOf));
    expect(Array.from(data.heldOutIndices, data.groupOf).some((g) => trained.has(g))).toBe(false);
    expect(data.groupOf(10)).toBe(data.groupOf(11));
    expect(data.labelOf(10)).toBe(data.labelOf(11));
    expect([data.styleOf?.(10), data.styleOf?.(11)]).toEqual([0, 1]);
  });

  test("a limit shortens the training side alone and keeps both styles of a concept", async () => {
    const full = await load();
    const short = await load({ imageLimit: 47 });
    expect(short.trainIndices.length).toBe(48);
    expect(short.size).toBe(48 + 382);
    const groups = (data: typeof full) => Array.from(data.heldOutIndices, data.groupOf);
    expect(groups(short)).toEqual(groups(full));
    expect(short.hash).not.toBe(full.hash);
    expect((await load({ holdOutFraction: 0.2 })).hash).toBe(full.hash);
  });

  test("reads pictures: the first face is yellow in the middle and white in the corner", async () => {
    const data = await load();
    const rgb = await data.readRgb([1, 0, 1]);
    const bytes = 64 * 64 * 3;
    expect(rgb.length).toBe(3 * bytes);
    expect(rgb.subarray(0, bytes)).toEqual(rgb.subarray(2 * bytes));
    expect(rgb.subarray(0, bytes)).not.toEqual(rgb.subarray(bytes, 2 * bytes));
    expect([...rgb.subarray(0, 3)]).toEqual([255, 255, 255]);
    const [red = 0, green = 0, blue = 0] = rgb.subarray((16 * 64 + 32) * 3);
    expect(red).toBeGreaterThan(200);
    expect(green).toBeGreaterThan(150);
    expect(blue).toBeLessThan(120);
    await expect(data.readRgb([3812])).rejects.toThrow(/no image 3812/);
  });
});

describe("pictures are read when they are needed", () => {
  /** What was read, in order; the first read of `failing` fails. */
  async function listening(failing?: string) {
    const asked: string[] = [];
    const data = await load({}, (name) => {
      asked.push(name);
      const fails = name === failing && asked.filter((other) => other === name).length === 1;
      return fails ? Promise.reject(new Error("offline")) : readPublic(name);
    });
    return { data, asked };
  }

  test("the index alone at first; then the list of parts, and a part for each style and row that is asked for, once", async () => {
    const { data, asked } = await listening();
    expect(asked).toEqual(["emoji.json"]);
    await data.readRgb([0, 2]);
    expect(asked).toEqual(["emoji.json", "parts.json", "noto-00.png"]);
    await Promise.all([data.readRgb([0, 1]), data.readRgb([3])]);
    const first = ["emoji.json", "parts.json", "noto-00.png", "twemoji-00.png"];
    expect(asked).toEqual(first);
    await data.readRgb([3810, 2 * 176, 2 * 176 - 1]);
    expect(asked).toEqual([...first, "noto-10.png", "noto-01.png"]);
  });

  test("a part that could not be read is tried again", async () => {
    const { data } = await listening("noto-00.png");
    await expect(data.readRgb([0])).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
    expect((await data.readRgb([0])).length).toBe(64 * 64 * 3);
  });
});

/** The committed files with one of them changed. */
const changed =
  (file: string, change: (bytes: Uint8Array) => Uint8Array): ReadFile =>
  async (name) =>
    name === file ? change(await readPublic(name)) : readPublic(name);

const sha256 = async (bytes: Uint8Array) =>
  Buffer.from(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes))).toString("hex");

/** The committed files with noto-00.png replaced and its checksum in the list made right again. */
async function withNoto(png: Uint8Array): Promise<ReadFile> {
  const list = JSON.parse(new TextDecoder().decode(await readPublic("parts.json"))) as {
    parts: { noto: { sha256: string }[] };
  };
  const [first] = list.parts.noto;
  if (first) first.sha256 = await sha256(png);
  const files: Record<string, Uint8Array> = {
    "noto-00.png": png,
    "parts.json": new TextEncoder().encode(JSON.stringify(list)),
  };
  return async (name) => files[name] ?? readPublic(name);
}

describe("bad files are refused by name", () => {
  const refused = async (read: ReadFile, code: StudioErrorCode, name: string) => {
    const pictures = load({}, read).then((data) => data.readRgb([0, 1]));
    await expect(pictures).rejects.toMatchObject({
      code,
      message: expect.stringContaining(name) as string,
    });
  };

  test("one flipped bit in a sheet", async () => {
    const flip = (bytes: Uint8Array) => {
      const copy = bytes.slice();
      copy[5000] = (copy[5000] ?? 0) ^ 1;
      return copy;
    };
    await refused(changed("twemoji-00.png", flip), "CHECKSUM_MISMATCH", "twemoji-00.png");
  });

  test("a page in place of the index, an index of another layout, a category out of the list", async () => {
    const text = (value: string) => () => new TextEncoder().encode(value);
    const edit = (from: string, to: string) => (bytes: Uint8Array) =>
      new TextEncoder().encode(new TextDecoder().decode(bytes).replace(from, to));
    await refused(changed("emoji.json", text("<!doctype html>")), "DOWNLOAD_FAILED", "emoji.json");
    await refused(changed("emoji.json", edit('"tile"', '"side"')), "DOWNLOAD_FAILED", "emoji.json");
    await refused(
      changed("emoji.json", edit('"category":0', '"category":9')),
      "DOWNLOAD_FAILED",
      "emoji.json",
    );
  });

  test("a list of too few parts", async () => {
    const oneRow = (bytes: Uint8Array) =>
      new TextEncoder().encode(new TextDecoder().decode(bytes).replace('"rows":4', '"rows":1'));
    await refused(changed("parts.json", oneRow), "DOWNLOAD_FAILED", "11 parts instead of 44");
  });

  test("a part that is no picture, or one of another size", async () => {
    const small = encode({ width: 64, height: 64, data: new Uint8Array(64 * 64 * 3), channels: 3 });
    await refused(await withNoto(small), "BAD_IMAGE", "64 x 64");
    await refused(await withNoto(new Uint8Array(100)), "BAD_IMAGE", "noto-00.png");
  });

  test("a reader that fails", async () => {
    const broken: ReadFile = (name) => Promise.reject(new Error(`no ${name}`));
    await refused(broken, "DOWNLOAD_FAILED", "emoji.json");
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BROKEN_PATH, GOOD_IMAGES, TEST_CLASSES, testFiles } from "../../../e2e/hub/testData";
import { pngCodec } from "../../../scripts/node/pngCodec";
import { StudioError } from "../../common/errors/studioError";
import { decodePngSquare, encodePng } from "../../common/formats/png";
import { centerCrop } from "./centerCrop";
import { contentHash } from "./contentHash";
import { filesSource } from "./filesSource";
import {
  importImages,
  joinedDigests,
  NOTHING_IMPORTED,
  type ImageShard,
  type ImportState,
} from "./importImages";
import { orderedClasses, type ImageSource } from "./imageSource";
import { inOrder } from "./inOrder";
import type { SourceFile } from "./sourceFile";

const SIDE = 16;
const sourceFiles = (): SourceFile[] =>
  testFiles().map(({ path, bytes }) => ({
    path,
    bytes: bytes.length,
    read: () => Promise.resolve(bytes),
  }));

/** Keeps what an import stores, as storage would. */
function memory() {
  const kept = { state: NOTHING_IMPORTED, shards: [] as ImageShard[] };
  const store = (shard: ImageShard | null, state: ImportState) => {
    if (shard) kept.shards.push(shard);
    kept.state = state;
    return Promise.resolve();
  };
  return { kept, store };
}

function hashOf({ state, shards }: ReturnType<typeof memory>["kept"], source: ImageSource) {
  const classNames = orderedClasses(state.foundClasses, source.classOrder);
  const images = shards.map(({ classes, digests }) => ({
    labels: classes.map((found) => classNames.indexOf(state.foundClasses[found] ?? "")),
    digests: joinedDigests(digests),
  }));
  return contentHash({ resolution: SIDE, classNames }, images);
}

const run = (
  source: ImageSource,
  { kept, store }: ReturnType<typeof memory>,
  options: Partial<Parameters<typeof importImages>[0]> = {},
) =>
  importImages({
    source,
    codec: pngCodec,
    resolution: SIDE,
    from: kept.state,
    store,
    between: () => Promise.resolve(),
    ...options,
  });

const stop = new StudioError("CANCELLED", "stopped", "");

describe("an import", () => {
  test("stores the squares in order and lists what is broken with its reason", async () => {
    const source = await filesSource("folder:t", sourceFiles());
    const into = memory();
    const state = await run(source, into);
    expect(state).toMatchObject({ consumed: 13, images: GOOD_IMAGES, skippedCount: 1 });
    expect(state.skipped).toEqual([
      { name: BROKEN_PATH, reason: expect.stringContaining("broken") as string },
    ]);
    expect(orderedClasses(state.foundClasses, source.classOrder)).toEqual(TEST_CLASSES);
    const [shard] = into.kept.shards;
    const [first] = testFiles();
    if (!shard?.pngs[0] || !first) throw new Error("nothing was stored");
    expect(await decodePngSquare(shard.pngs[0], SIDE)).toEqual(
      centerCrop(await pngCodec.decode(first.bytes), SIDE),
    );
  });

  test("that is cut anywhere and goes on ends with the hash of an uncut one", async () => {
    const source = await filesSource("folder:t", sourceFiles());
    const uncut = memory();
    await run(source, uncut);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
        async (cuts) => {
          const into = memory();
          for (const cut of cuts) {
            const before = into.kept.state.consumed;
            let seen = 0;
            const between = () => (++seen >= cut ? Promise.reject(stop) : Promise.resolve());
            await run(source, into, { between }).catch((error: unknown) =>
              expect(error).toBe(stop),
            );
            expect(into.kept.state.consumed, "what was ready is kept").toBe(
              Math.min(before + cut, sourceFiles().length),
            );
          }
          await run(source, into);
          expect(into.kept.state).toEqual(uncut.kept.state);
          expect(hashOf(into.kept, source)).toBe(hashOf(uncut.kept, source));
        },
      ),
      { numRuns: 8 },
    );
  });

  test("has another hash at another side, with other labels, in another order", () => {
    const digests = new Uint8Array(64).map((_, i) => i);
    const base = { resolution: 8, classNames: ["a", "b"] };
    const swapped = new Uint8Array([...digests.subarray(32), ...digests.subarray(0, 32)]);
    const hashes = [
      contentHash(base, [{ labels: [0, 1], digests }]),
      contentHash({ ...base, resolution: 16 }, [{ labels: [0, 1], digests }]),
      contentHash({ ...base, classNames: ["a", "c"] }, [{ labels: [0, 1], digests }]),
      contentHash(base, [{ labels: [1, 0], digests }]),
      contentHash(base, [{ labels: [0, 1], digests: swapped }]),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
    const split = [
      { labels: [0], digests: digests.subarray(0, 32) },
      { labels: [1], digests: digests.subarray(32) },
    ];
    expect(contentHash(base, split)).toBe(hashes[0]);
  });

  test("stops at its limit of good images", async () => {
    const source = await filesSource("folder:t", sourceFiles());
    const into = memory();
    expect((await run(source, into, { limit: 5 })).images).toBe(5);
    expect(into.kept.shards.flatMap(({ pngs }) => pngs)).toHaveLength(5);
  });

  test("with fewer than two good images is refused with the first reason", async () => {
    const files = sourceFiles().filter(({ path }) => path === BROKEN_PATH || path === "red/0.png");
    await expect(run(await filesSource("folder:t", files), memory())).rejects.toMatchObject({
      code: "BAD_DATASET",
      message: expect.stringContaining("1 usable images of 2") as string,
    });
  });

  test("ends at once where reading fails as a whole, and keeps what was ready", async () => {
    const lost = new StudioError("DOWNLOAD_FAILED", "no network", "");
    const files = sourceFiles().map((file, i) =>
      i < 9 ? file : { ...file, read: () => Promise.reject(lost) },
    );
    const source = await filesSource("folder:t", files);
    const into = memory();
    await expect(run(source, into)).rejects.toBe(lost);
    expect(into.kept.state).toMatchObject({ images: 8, skippedCount: 1 });
  });
});

test("work done ahead comes in order, is bounded, and an error comes at its place", async () => {
  let open = 0;
  let most = 0;
  async function* numbers() {
    for (let i = 0; i < 12; i++) yield await Promise.resolve(i);
  }
  const work = async (i: number) => {
    most = Math.max(most, ++open);
    await new Promise((resolve) => setTimeout(resolve, (12 - i) % 5));
    open -= 1;
    if (i === 8) throw new Error("eight");
    return i;
  };
  const seen: number[] = [];
  const all = async () => {
    for await (const i of inOrder(numbers(), 3, work)) seen.push(i);
  };
  await expect(all()).rejects.toThrow("eight");
  expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(most).toBeLessThanOrEqual(3);
});

test("what is packed as PNG comes back to the bit; another size is refused", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 20 }),
      fc.uint8Array({ minLength: 1200, maxLength: 1200 }),
      async (side, levels) => {
        const rgb = levels.slice(0, side * side * 3);
        const png = await encodePng({ width: side, height: side, rgb });
        expect(await decodePngSquare(png, side)).toEqual(rgb);
        await expect(decodePngSquare(png, side + 1)).rejects.toThrow(
          /expected an 8-bit RGB square/,
        );
      },
    ),
    { numRuns: 30 },
  );
});

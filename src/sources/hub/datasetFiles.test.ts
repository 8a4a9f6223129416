import { afterEach, describe, expect, test } from "vitest";
import { startHub, type LocalHub } from "../../../e2e/hub/server";
import { testParquet } from "../../../e2e/hub/testData";
import { datasetOffer, datasetOffers, hubDatasetLabel } from "./datasetFiles";
import type { HubTools } from "./hubClient";
import { pause } from "./pause";
import { remoteSource } from "./remoteBytes";

const README = new TextEncoder().encode("# A data set");
const BYTES = testParquet();
const opened: LocalHub[] = [];
afterEach(async () => {
  for (const hub of opened.splice(0)) await hub.close();
});

async function open(files: Readonly<Record<string, Uint8Array>>) {
  const hub = await startHub({ files: new Map(Object.entries(files)) });
  opened.push(hub);
  const tools: HubTools = {
    places: hub.places,
    fetch: (url, init) => fetch(url, init),
    sleep: () => Promise.resolve(),
    silence: (signal) => pause(60_000, signal),
    nowMs: () => 0,
  };
  return { hub, tools };
}

describe("what the hub offers of a data set", () => {
  test("are its own parquet files by configuration and split, at the commit of the revision", async () => {
    const { tools } = await open({
      "datasets/o/d@main/README.md": README,
      "datasets/o/d@main/data/train-00001-of-00002.parquet": BYTES,
      "datasets/o/d@main/data/train-00000-of-00002-0a1b2c.parquet": BYTES,
      "datasets/o/d@main/plain_text/test-00000-of-00001.parquet": BYTES,
      "datasets/o/d@refs/convert/parquet/default/train/0000.parquet": BYTES,
    });
    const offers = await datasetOffers(tools, "o/d", "main");
    expect(
      offers.map(({ dataset, files, bytes }) => [
        dataset.config,
        dataset.split,
        files.length,
        bytes,
      ]),
    ).toEqual([
      ["default", "train", 2, 2 * BYTES.length],
      ["plain_text", "test", 1, BYTES.length],
    ]);
    const [train] = offers;
    expect(train?.files[0]?.url).toContain("train-00000-of-00002-0a1b2c.parquet");
    expect(train && hubDatasetLabel(train.dataset)).toMatch(
      /^hub:o\/d@[0-9a-f]{40}\/default\/train$/,
    );
    const pinned = await datasetOffer(
      tools,
      train?.dataset ?? { repo: "", revision: "", config: "", split: "" },
    );
    expect(pinned).toEqual(train);
  });

  test("are the hub's converted ones where it has none of its own", async () => {
    const { tools } = await open({
      "datasets/o/d@main/README.md": README,
      "datasets/o/d@refs/convert/parquet/320px/train/0000.parquet": BYTES,
      "datasets/o/d@refs/convert/parquet/320px/train/0001.parquet": BYTES,
    });
    const offers = await datasetOffers(tools, "o/d", "main");
    expect(offers).toMatchObject([{ dataset: { config: "320px", split: "train" }, rows: null }]);
    expect(offers[0]?.files).toHaveLength(2);
    await expect(
      datasetOffer(tools, { repo: "o/d", revision: "main", config: "full", split: "train" }),
    ).rejects.toMatchObject({
      code: "BAD_DATASET",
      message: expect.stringContaining("it has 320px/train") as string,
    });
  });
});

describe("a file of the hub", () => {
  const KEY = "datasets/o/d@main/data/train-00000-of-00001.parquet";
  const source = async () => {
    const { hub, tools } = await open({ [KEY]: BYTES });
    const [offer] = await datasetOffers(tools, "o/d", "main");
    const [file] = offer?.files ?? [];
    if (!file) throw new Error("nothing is offered");
    hub.clearLog();
    const whole: number[] = [];
    const bytes = remoteSource(tools, file, { onWhole: (_, received) => whole.push(received) });
    const sent = () => hub.log.filter(({ host }) => host === "storage");
    return { hub, bytes, whole, sent };
  };

  test("is read by single ranges", async () => {
    const { bytes, whole, sent } = await source();
    expect(await bytes.read(100, 300)).toEqual(BYTES.subarray(100, 300));
    expect(await bytes.read(0, 4)).toEqual(BYTES.subarray(0, 4));
    expect(sent().map(({ range, status }) => [range, status])).toEqual([
      ["bytes=0-0", 206],
      ["bytes=100-299", 206],
      ["bytes=0-3", 206],
    ]);
    expect(whole).toEqual([]);
  });

  test("is fetched whole, once and with progress, where the server gives no parts", async () => {
    const { hub, bytes, whole, sent } = await source();
    hub.fail({ failure: { kind: "noRange" }, times: Infinity });
    expect(await bytes.read(100, 300)).toEqual(BYTES.subarray(100, 300));
    expect(await bytes.read(7, 9)).toEqual(BYTES.subarray(7, 9));
    expect(whole.at(-1)).toBe(BYTES.length);
    expect(sent()).toHaveLength(2); // one to see, one for all of it
  });

  test("whose server accepts and never answers fails with words, the probe for parts too", async () => {
    const { tools } = await open({ [KEY]: BYTES });
    const silent = {
      ...tools,
      silence: () => Promise.resolve(),
      fetch: () => new Promise<Response>(() => undefined),
    };
    const file = { url: "https://example.org/a.parquet", bytes: BYTES.length };
    await expect(remoteSource(silent, file).read(0, 4)).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
    });
  });

  test("whose connection is cut goes on where it was", async () => {
    const { hub, bytes } = await source();
    expect(await bytes.read(0, 4)).toEqual(BYTES.subarray(0, 4));
    hub.fail({ failure: { kind: "cut", afterBytes: 50 }, times: 1 });
    expect(await bytes.read(0, 400)).toEqual(BYTES.subarray(0, 400));
  });

  test("that is gone names the address and the last way: dropping the file", async () => {
    const { hub, bytes } = await source();
    hub.fail({ failure: { kind: "status", status: 404 }, times: Infinity });
    await expect(bytes.read(0, 4)).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
      hint: expect.stringContaining("drop") as string,
    });
  });
});

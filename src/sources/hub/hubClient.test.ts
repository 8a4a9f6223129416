import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { startHub, type LocalHub } from "../../../e2e/hub/server";
import type { StudioError } from "../../common/errors/studioError";
import { readRange, type ByteRange } from "../../common/formats/byteRange";
import { fileFacts, hubSource, resolveUrl, type HubRef, type HubTools } from "./hubClient";
import { pause } from "./pause";

const MODEL = Uint8Array.from({ length: 300_000 }, (_, at) => (at * 31) % 256);
const REF: HubRef = { repo: "o/m", revision: "main", file: "sub/model.safetensors" };
const KEY = "o/m@main/sub/model.safetensors";

const hubs: LocalHub[] = [];
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.close();
});

/** A hub with one file, and tools whose pauses take no time but are noted. */
async function open() {
  const hub = await startHub({ files: new Map([[KEY, MODEL]]) });
  hubs.push(hub);
  const pauses: number[] = [];
  const reasons: string[] = [];
  const tools: HubTools = {
    places: hub.places,
    fetch: (url, init) => fetch(url, init),
    sleep: (ms) => {
      pauses.push(ms);
      return Promise.resolve();
    },
    silence: (signal) => pause(60_000, signal),
    onRetry: ({ message }) => reasons.push(message),
    nowMs: () => 1_800_000_000_000,
  };
  const read = async (range: ByteRange, signal?: AbortSignal) => {
    const facts = await fileFacts(tools, REF, signal);
    hub.clearLog();
    return readRange(hubSource(tools, REF, facts, signal), range);
  };
  return { hub, tools, pauses, reasons, read };
}

/** Ranges asked of the storage host, in order. */
const asked = (hub: LocalHub) =>
  hub.log.filter(({ host }) => host === "storage").map(({ range }) => range);
const RANGE = { first: 1000, end: 250_000 };
/** At once: the matcher's own comparison takes seconds. */
const isWanted = (bytes: Uint8Array) =>
  Buffer.compare(bytes, MODEL.subarray(RANGE.first, RANGE.end)) === 0;

test("facts of a file are its size, the hub's checksum and the commit", async () => {
  const { hub, tools } = await open();
  const facts = await fileFacts(tools, REF);
  expect(facts.bytes).toBe(MODEL.length);
  expect(facts.sha256).toBe(createHash("sha256").update(MODEL).digest("hex"));
  expect(facts.commit).toMatch(/^[0-9a-f]{40}$/);
  hub.put("datasets/o/d@refs/convert/parquet/a/train/0.parquet", new Uint8Array(7));
  const ref = { kind: "datasets", repo: "o/d", revision: "refs/convert/parquet" } as const;
  expect(await fileFacts(tools, { ...ref, file: "a/train/0.parquet" })).toMatchObject({ bytes: 7 });
  await expect(fileFacts(tools, { ...REF, file: "sub/other" })).rejects.toMatchObject({
    code: "DOWNLOAD_FAILED",
    message: expect.stringContaining('no file "sub/other"') as string,
  });
});

test("a range is one request of each host, by the commit, with no header that needs asking first", async () => {
  const { hub, read } = await open();
  expect(isWanted(await read(RANGE))).toBe(true);
  expect(hub.log.map(({ method, host }) => `${method} ${host}`)).toEqual([
    "GET hub",
    "GET storage",
  ]);
  expect(asked(hub)).toEqual(["bytes=1000-249999"]);
  expect(hub.log[0]?.path).toMatch(/resolve\/[0-9a-f]{40}\/sub/);
});

test("a revision with slashes is one part of the address", async () => {
  const { tools } = await open();
  const ref = {
    kind: "datasets",
    repo: "o/d",
    revision: "refs/convert/parquet",
    file: "a b/0.parquet",
  } as const;
  expect(resolveUrl(tools.places, ref)).toBe(
    `${tools.places.hub}/datasets/o/d/resolve/refs%2Fconvert%2Fparquet/a%20b/0.parquet`,
  );
});

test("a connection that breaks goes on from the byte reached: none is asked for twice", async () => {
  const { hub, read, pauses, reasons } = await open();
  hub.fail({ failure: { kind: "cut", afterBytes: 70_000 }, times: 2 });
  expect(isWanted(await read(RANGE))).toBe(true);
  expect(asked(hub)).toEqual(["bytes=1000-249999", "bytes=71000-249999", "bytes=141000-249999"]);
  expect(pauses).toHaveLength(2);
  expect(reasons[1]).toContain("the connection broke at byte 141000 of 300000");
});

test("a connection that falls silent is given up and goes on from the byte reached", async () => {
  const { hub, tools } = await open();
  const facts = await fileFacts(tools, REF);
  hub.clearLog();
  hub.fail({ failure: { kind: "stall", afterBytes: 70_000 }, host: "storage" });
  const impatient: HubTools = { ...tools, silence: (signal) => pause(300, signal) };
  expect(isWanted(await readRange(hubSource(impatient, REF, facts), RANGE))).toBe(true);
  expect(asked(hub)).toEqual(["bytes=1000-249999", "bytes=71000-249999"]);
});

test("requests to a server that never responds end, and none is left open", async () => {
  const { tools } = await open();
  const signals: (AbortSignal | null | undefined)[] = [];
  const unanswered: HubTools = {
    ...tools,
    silence: () => Promise.resolve(),
    fetch: (_, init) => {
      signals.push(init?.signal);
      return new Promise(() => undefined);
    },
  };
  await expect(fileFacts(unanswered, REF)).rejects.toMatchObject({
    code: "DOWNLOAD_FAILED",
    message: expect.stringContaining("there was no response") as string,
  });
  expect(signals.map((signal) => signal?.aborted)).toEqual(Array(6).fill(true));
});

test("a file is found on any page of a long listing", async () => {
  const names = Array.from({ length: 45 }, (_, i) => `o/m@main/sub/part-${i + 10}.bin`);
  const files = new Map([...names, KEY].map((name) => [name, MODEL] as const));
  const hub = await startHub({ files, pageSize: 10 });
  hubs.push(hub);
  const { tools } = await open();
  const facts = await fileFacts({ ...tools, places: hub.places }, REF);
  expect(facts.bytes).toBe(MODEL.length);
  const pages = hub.log.filter(({ path }) => path.includes("/tree/"));
  expect(pages).toHaveLength(5);
});

test("a listing without an end is given up", async () => {
  const { tools, hub } = await open();
  const endless: HubTools = {
    ...tools,
    fetch: async (url, init) => {
      const answer = await fetch(url, init);
      if (!url.includes("/tree/")) return answer;
      const headers = { "Content-Type": "application/json", Link: `<${url}>; rel="next"` };
      return new Response(await answer.text(), { headers });
    },
  };
  await expect(fileFacts(endless, REF)).rejects.toMatchObject({
    code: "DOWNLOAD_FAILED",
    message: expect.stringContaining("more than 500 pages") as string,
  });
  expect(hub.log.length).toBeGreaterThan(500);
});

test("a whole file of another size than was said is refused", async () => {
  const { hub, tools } = await open();
  const facts = await fileFacts(tools, REF);
  hub.fail({ failure: { kind: "noRange" }, times: Infinity });
  const source = hubSource(tools, REF, { ...facts, bytes: MODEL.length + 1 });
  await expect(readRange(source, RANGE)).rejects.toMatchObject({
    message: expect.stringContaining("300000 bytes instead of 300001") as string,
  });
});

test("429 is waited for as long as it says, 503 longer each time", async () => {
  const { hub, read, pauses } = await open();
  hub.fail({
    failure: { kind: "status", status: 429, retryAfterSeconds: 7 },
    host: "hub",
    path: ".safetensors",
  });
  hub.fail({ failure: { kind: "status", status: 503 }, host: "storage", times: 2 });
  expect(isWanted(await read(RANGE))).toBe(true);
  expect(pauses).toEqual([7000, 2000, 4000]);
});

test("what stays away is given up with the status and the address", async () => {
  const { hub, read, pauses } = await open();
  hub.fail({ failure: { kind: "status", status: 503 }, host: "storage", times: Infinity });
  await expect(read(RANGE)).rejects.toMatchObject({
    code: "DOWNLOAD_FAILED",
    message: expect.stringMatching(/o\/m\/resolve.*503/) as string,
  });
  expect(pauses).toEqual([1000, 2000, 4000, 8000, 16000]);
});

test("a link that is over is replaced by a fresh one at once", async () => {
  const { hub, read, pauses } = await open();
  hub.fail({ failure: { kind: "expiredLink" } });
  expect(isWanted(await read(RANGE))).toBe(true);
  expect(hub.log.map(({ host, status }) => `${host} ${status}`)).toEqual([
    "hub 302",
    "storage 403",
    "hub 302",
    "storage 206",
  ]);
  expect(pauses).toEqual([]);
});

test("links that are always over are a failure", async () => {
  const { hub, read } = await open();
  hub.fail({ failure: { kind: "expiredLink" }, times: Infinity });
  await expect(read(RANGE)).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
});

test.each([401, 403])(
  "a gated repository (%i) is not asked again, and the way by hand is named",
  async (status) => {
    const { hub, read } = await open();
    hub.fail({
      failure: { kind: "status", status },
      host: "hub",
      path: ".safetensors",
      times: Infinity,
    });
    const error = (await read(RANGE).catch((thrown: unknown) => thrown)) as StudioError;
    expect([error.code, error.message, error.hint]).toEqual([
      "DOWNLOAD_FAILED",
      expect.stringContaining(String(status)),
      expect.stringContaining("drop it"),
    ]);
    expect(hub.log).toHaveLength(1);
  },
);

test("404 is not asked again", async () => {
  const { hub, read } = await open();
  hub.fail({ failure: { kind: "status", status: 404 }, host: "hub", path: ".safetensors" });
  await expect(read(RANGE)).rejects.toMatchObject({
    code: "DOWNLOAD_FAILED",
    message: expect.stringContaining("404") as string,
  });
  expect(hub.log).toHaveLength(1);
});

test("a server without ranges is read from its start, and no further than needed", async () => {
  const { hub, read } = await open();
  hub.fail({ failure: { kind: "noRange" }, times: Infinity });
  hub.fail({ failure: { kind: "cut", afterBytes: 100_000 } });
  expect(isWanted(await read(RANGE))).toBe(true);
  expect(hub.log.filter(({ host }) => host === "storage").map(({ status }) => status)).toEqual([
    200, 200,
  ]);
});

test("a stop ends the request under way and says so", async () => {
  const { hub, read } = await open();
  hub.fail({ failure: { kind: "trickle", bytesPerSecond: 20_000 } });
  const controller = new AbortController();
  const reading = read(RANGE, controller.signal);
  await Promise.all([
    expect(reading).rejects.toMatchObject({ code: "CANCELLED" }),
    wait(300).then(() => controller.abort()),
  ]);
});

test("a response of any other host than the hub's is refused", async () => {
  const { hub, tools } = await open();
  const elsewhere = createServer((_, response) => response.end(MODEL));
  await new Promise<void>((listening) => elsewhere.listen(0, "127.0.0.1", listening));
  const { port } = elsewhere.address() as AddressInfo;
  const facts = await fileFacts(tools, REF);
  const narrow: HubTools = {
    ...tools,
    fetch: (_, init) => fetch(`http://127.0.0.1:${port}/x`, init),
  };
  await expect(readRange(hubSource(narrow, REF, facts), RANGE)).rejects.toMatchObject({
    code: "DOWNLOAD_FAILED",
    message: expect.stringContaining(`127.0.0.1:${port}, which is not the hub's`) as string,
  });
  elsewhere.closeAllConnections();
  await new Promise((closed) => elsewhere.close(closed));
  await hub.close();
  await expect(fileFacts(tools, REF)).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
  hubs.length = 0;
});

test("a file that is another size by now is refused, also under the same commit", async () => {
  const { hub, tools } = await open();
  const facts = await fileFacts(tools, REF);
  const source = hubSource(tools, REF, { ...facts, bytes: MODEL.length + 1 });
  await expect(readRange(source, RANGE)).rejects.toMatchObject({
    message: expect.stringContaining("300000 bytes instead of 300001") as string,
  });
  hub.put(KEY, new Uint8Array(5));
  await expect(readRange(hubSource(tools, REF, facts), RANGE)).rejects.toMatchObject({
    code: "DOWNLOAD_FAILED",
  });
});

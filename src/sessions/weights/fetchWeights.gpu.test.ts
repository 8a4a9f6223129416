import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { hub, toBase64 } from "../../../test/browserHub";
import type { HubFile } from "../../common/catalogue/hubFile";
import { encodeSafetensors, parseSafetensors } from "../../common/formats/safetensors";
import { sha256Hex } from "../../common/formats/sha256";
import { halfToFloat32 } from "../../common/math/half";
import type { HubPlaces } from "../../sources/hub/hosts";
import type { WeightsEvent } from "../../common/protocol/weights";
import type { Database } from "../../common/storage/db";
import { openStudioDb } from "../../common/storage/openDb";
import { assertRoomFor } from "../../common/storage/quota";
import {
  deleteWeights,
  getWeights,
  listWeights,
  openStoredWeights,
  writeWeightChunk,
} from "../../common/storage/weights";
import type { KeepingTools, WeightsJob } from "./keepWeights";
import { downloadWeights, importWeightsFile, openWeights } from "./fetchWeights";
import type { HubTools } from "../../sources/hub/hubClient";
import { pause } from "../../sources/hub/pause";

/** Real IndexedDB and a real server on another port; nothing here needs a GPU. */

const FILE: HubFile = {
  repo: "o/m",
  revision: "main",
  file: "model.safetensors",
  bytes: 20e6,
  licence: { name: "MIT", nonCommercial: false },
};
const KEY = "o/m@main/model.safetensors";
/** A small file that tests may change. */
const SMALL: HubFile = { ...FILE, repo: "o/small" };
const putSmall = (tensors: Parameters<typeof encodeSafetensors>[0]) => {
  const bytes = new Uint8Array(encodeSafetensors(tensors));
  return hub.hubPut("o/small@main/model.safetensors", toBase64(bytes)).then(() => bytes.length);
};
const STORAGE = { host: "storage" } as const;

const values = (count: number, scale: number) =>
  Float32Array.from({ length: count }, (_, at) => scale * Math.sin(at));
/** 18 MB, so three chunks; `text` is the second half of it. */
const WEIGHTS = {
  "a.weight": { dtype: "F32", shape: [2_000_000], data: values(2_000_000, 1) },
  "b.bias": { dtype: "F32", shape: [3], data: Float32Array.of(0.5, 1 / 3, -1e-9) },
  "c.text": { dtype: "F32", shape: [2_500_000], data: values(2_500_000, 0.02) },
  "d.ids": { dtype: "I64", shape: [1], data: BigInt64Array.of(7n) },
} as const;
const BYTES = new Uint8Array(encodeSafetensors(WEIGHTS));

let places: HubPlaces;
let db: Database;
let events: WeightsEvent[];

beforeAll(() => hub.hubPut(KEY, toBase64(BYTES)));
beforeEach(async () => {
  places = await hub.hubReset();
  db = await openStudioDb(`test-${crypto.randomUUID()}`);
  events = [];
});
afterEach(() => {
  db.close();
  indexedDB.deleteDatabase(db.name);
});

const tools = (): HubTools & KeepingTools => ({
  places,
  fetch: (url, init) => fetch(url, init),
  sleep: () => Promise.resolve(),
  silence: (signal) => pause(60_000, signal),
  nowMs: () => 1,
  clockMs: () => performance.now(),
  assertRoomFor: (bytes, what) => assertRoomFor(bytes, what, () => Promise.resolve([])),
});
const job = (change: Partial<WeightsJob> = {}): WeightsJob => ({
  file: FILE,
  options: { float16: false },
  needed: () => true,
  onEvent: (event) => events.push(event),
  ...change,
});
const download = (change: Partial<WeightsJob> = {}) => downloadWeights(tools(), db, job(change));
const float16 = { options: { float16: true } };

/** Ranges the storage host was asked for and what it sent, since the last reset. */
const asked = async () =>
  (await hub.hubLog())
    .filter(({ host, status }) => host === "storage" && status === 206)
    .map(({ range, sentBytes }) => ({ range, sentBytes }));
const warnings = () => events.filter(({ type }) => type === "warning");
const doneBytes = () =>
  events.flatMap((event) => (event.type === "progress" ? [event.doneBytes] : []));

async function expectStored(names = Object.keys(WEIGHTS)) {
  const source = await openStoredWeights(db, KEY);
  expect([...source.tensors.keys()].sort()).toEqual(names);
  const whole = parseSafetensors(BYTES).tensors;
  for (const name of names) {
    const got = await source.read(name);
    const want = whole.get(name);
    expect([got.dtype, got.shape]).toEqual([want?.dtype, want?.shape]);
    expect(got.data.every((value, at) => value === want?.data[at])).toBe(true);
  }
}

test("a file is downloaded, verified, listed, read tensor by tensor, and asked for byte by byte once", async () => {
  const record = await download();
  expect(record).toMatchObject({
    complete: true,
    verified: true,
    whole: true,
    bytes: BYTES.length,
  });
  expect(record.commit).toMatch(/^[0-9a-f]{40}$/);
  await expectStored();
  expect((await asked()).map(({ range }) => range)).toEqual([
    "bytes=0-65535",
    `bytes=65536-${BYTES.length - 1}`,
  ]);
  expect(doneBytes().at(-1)).toBe(BYTES.length);
  expect(await listWeights(db)).toEqual([
    {
      key: KEY,
      repo: "o/m",
      file: "model.safetensors",
      commit: record.commit,
      bytes: BYTES.length,
      precision: "stored",
      rounding: null,
      verified: true,
      complete: true,
      licence: FILE.licence,
    },
  ]);
  await deleteWeights(db, KEY);
  expect([await db.count("weights"), await db.count("weightChunks")]).toEqual([0, 0]);
});

test("after a stop a new start goes on with the chunks that are there and fetches nothing twice", async () => {
  const controller = new AbortController();
  const stopAt = 10 * 2 ** 20;
  const stopped = download({
    signal: controller.signal,
    onEvent: (event) => {
      if (event.type === "progress" && event.doneBytes > stopAt) controller.abort();
    },
  });
  await expect(stopped).rejects.toMatchObject({ code: "CANCELLED" });
  const [summary] = await listWeights(db);
  expect(summary).toMatchObject({ complete: false, bytes: 8 * 2 ** 20 });
  await expect(openStoredWeights(db, KEY)).rejects.toMatchObject({ code: "WEIGHTS_MISSING" });
  await hub.hubReset();
  await download();
  expect((await asked()).map(({ range }) => range)).toEqual([
    `bytes=${2 ** 23}-${BYTES.length - 1}`,
  ]);
  expect(doneBytes()[0]).toBeGreaterThanOrEqual(2 ** 23);
  expect(events[0]).toEqual({ type: "checking", key: KEY });
  expect(await getWeights(db, KEY)).toMatchObject({ complete: true, verified: true });
  await expectStored();
});

test("connections that break are mended without a byte asked for twice", async () => {
  // the first request is for the header, shorter than that
  for (const afterBytes of [3_000_000, 3_000_000, 9_000_000]) {
    await hub.hubFail({ ...STORAGE, failure: { kind: "cut", afterBytes } });
  }
  await download();
  const requests = await asked();
  expect(requests).toHaveLength(4);
  const starts = requests.map(({ range }) => Number(/=(\d+)/.exec(range ?? "")?.[1]));
  expect(warnings()).toMatchObject([{ failure: { code: "DOWNLOAD_FAILED" } }, {}]);
  // each goes on at most where the one before was cut, and the whole is fetched
  expect([...starts].sort((a, b) => a - b)).toEqual(starts);
  await expectStored();
});

test("wrong bytes are found by the checksum, both are named and nothing is kept", async () => {
  await hub.hubFail({ ...STORAGE, failure: { kind: "wrongBytes" }, times: 9 });
  const sha256 = await sha256Hex(BYTES);
  await expect(download()).rejects.toMatchObject({
    code: "CHECKSUM_MISMATCH",
    message: expect.stringMatching(new RegExp(`SHA-256 [0-9a-f]{64}.*${sha256}`)) as string,
  });
  expect([await db.count("weights"), await db.count("weightChunks")]).toEqual([0, 0]);
});

test("only the needed part of a file is fetched; it counts as not verified", async () => {
  const record = await download({ needed: (name) => name !== "c.text" });
  expect(record).toMatchObject({ complete: true, verified: false, leftOut: ["c.text"] });
  await expectStored(["a.weight", "b.bias", "d.ids"]);
  const sent = (await asked()).reduce((sum, { sentBytes }) => sum + sentBytes, 0);
  expect(sent).toBeLessThan(10e6);
  // a job that wants more starts anew
  expect(await download()).toMatchObject({ verified: true, leftOut: [] });
});

test("a damaged chunk is never read, and it alone is fetched again", async () => {
  await download();
  const chunk = await db.get("weightChunks", [KEY, 1]);
  if (!chunk) throw new Error("the chunk was not written");
  new Uint8Array(chunk.bytes)[5] = 99;
  await db.put("weightChunks", chunk);
  const source = await openStoredWeights(db, KEY);
  await expect(source.read("c.text")).rejects.toMatchObject({ code: "CHECKSUM_MISMATCH" });
  await expect(openWeights(db, [FILE])).rejects.toMatchObject({ code: "WEIGHTS_MISSING" });
  await hub.hubReset();
  await download();
  expect((await asked()).map(({ range }) => range)).toEqual([`bytes=${2 ** 23}-${2 ** 24 - 1}`]);
  await expectStored();
  // found by the next download as well as by reading
  await db.put("weightChunks", { ...chunk, index: 0 });
  await download();
  expect(warnings()).toMatchObject([{ failure: { code: "CHECKSUM_MISMATCH" } }]);
  await expectStored();
});

test("a file that changed on the hub starts anew, with a warning", async () => {
  await putSmall({ a: WEIGHTS["b.bias"] });
  await download({ file: SMALL });
  const bytes = await putSmall({ a: WEIGHTS["b.bias"], z: WEIGHTS["d.ids"] });
  expect(await download({ file: SMALL })).toMatchObject({ bytes, complete: true, verified: true });
  expect(warnings()).toMatchObject([{ failure: { code: "DOWNLOAD_FAILED" } }]);
  expect(await listWeights(db)).toMatchObject([{ bytes }]);
});

test("float16 halves what is kept, says by how much it is off, and leaves the rest", async () => {
  const record = await download(float16);
  const { precision, rounding } = record;
  if (precision !== "float16" || !rounding) throw new Error("not converted");
  // rounding to 11 bits: at most 2^-12 of the value, about 2^-13 in the mean
  expect(rounding.largest).toBeGreaterThan(2 ** -14);
  expect(rounding.largest).toBeLessThanOrEqual(2 ** -12);
  expect(rounding.relativeRms).toBeGreaterThan(1e-4);
  expect(rounding.relativeRms).toBeLessThan(2.5e-4);
  // two bytes a rounded value, eight the identifier
  expect((await listWeights(db))[0]?.bytes).toBe(2 * 4_500_003 + 8);
  const source = await openStoredWeights(db, KEY);
  const bias = await source.read("b.bias");
  if (bias.dtype !== "F16") throw new Error("not float16");
  expect([...halfToFloat32(bias.data)]).toEqual([0.5, 0.333251953125, -0]);
  expect([...(await source.read("d.ids")).data]).toEqual([7n]);
  expect(await db.count("weightChunks")).toBe(2);
  // finished weights are only checked
  await hub.hubReset();
  expect(await download(float16)).toEqual(record);
  expect(await asked()).toEqual([]);
});

test("a value beyond float16 keeps the weights as they are and names the tensor", async () => {
  const big = { ...WEIGHTS["b.bias"], data: Float32Array.of(1, 70_000, 0) };
  await putSmall({ ok: WEIGHTS["b.bias"], big });
  expect(await download({ ...float16, file: SMALL })).toMatchObject({
    complete: true,
    precision: "stored",
  });
  expect(warnings()).toMatchObject([
    { failure: { code: "OUT_OF_RANGE", message: expect.stringMatching(/"big".*70000/) as string } },
  ]);
  expect(await db.count("weightChunks")).toBe(1);
});

test("a conversion that was cut loses nothing: the old chunks count until the new are complete", async () => {
  await download();
  await writeWeightChunk(db, `${KEY}#float16`, 0, new Uint8Array(10));
  await expectStored();
  expect(await download(float16)).toMatchObject({ precision: "float16" });
  expect(await db.count("weightChunks")).toBe(2);
});

test("a file given by hand is checked before anything of it is kept", async () => {
  const sha256 = await sha256Hex(BYTES);
  const give = (bytes: Uint8Array<ArrayBuffer>, knownSha256: string | null) =>
    importWeightsFile(tools(), db, job(), {
      name: "x.safetensors",
      blob: new Blob([bytes]),
      knownSha256,
    });
  await expect(give(BYTES.slice(0, -1), null)).rejects.toMatchObject({ code: "BAD_SAFETENSORS" });
  await expect(give(BYTES, "0".repeat(64))).rejects.toMatchObject({
    code: "CHECKSUM_MISMATCH",
    message: expect.stringContaining(sha256) as string,
  });
  expect(await db.count("weights")).toBe(0);
  expect(await give(BYTES, null)).toMatchObject({
    sha256,
    verified: false,
    commit: null,
    complete: true,
  });
  await deleteWeights(db, KEY);
  expect(await give(BYTES, sha256)).toMatchObject({ verified: true });
  await expectStored();
  // the hub's checksum is the same: nothing is left to fetch
  await download();
  expect(await asked()).toEqual([]);
});

test("the first complete file is opened; when there is none the preferred one is named", async () => {
  const other: HubFile = { ...FILE, repo: "o/other" };
  await expect(openWeights(db, [other, FILE])).rejects.toMatchObject({
    code: "WEIGHTS_MISSING",
    message: expect.stringMatching(/o\/other\/model\.safetensors \(20 MB\)/) as string,
  });
  await download();
  expect((await openWeights(db, [other, FILE])).name).toBe("o/m/model.safetensors");
});

test("without room nothing is fetched but the header", async () => {
  const full = new Error("full");
  const noRoom = { ...tools(), assertRoomFor: () => Promise.reject(full) };
  await expect(downloadWeights(noRoom, db, job())).rejects.toBe(full);
  expect((await asked()).map(({ range }) => range)).toEqual(["bytes=0-65535"]);
});

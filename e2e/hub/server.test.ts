import { createHash } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { parseSafetensors } from "../../src/common/formats/safetensors";
import { startHub, type HubOptions, type LocalHub } from "./server";
import { goldenHubFiles } from "./standIns";

const MODEL = Uint8Array.from({ length: 5000 }, (_, at) => (at * 7) % 256);
const FILES = new Map<string, Uint8Array>([
  ["o/m@main/model.safetensors", MODEL],
  ["o/m@main/config.json", new TextEncoder().encode("{}")],
  ["o/m@main/onnx/model.onnx", new Uint8Array(9)],
  ["datasets/o/d@refs/convert/parquet/plain/train/0000.parquet", new Uint8Array(40)],
]);

const hubs: LocalHub[] = [];
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.close();
});
async function openHub(options: HubOptions = {}): Promise<LocalHub> {
  const hub = await startHub({ files: FILES, ...options });
  hubs.push(hub);
  return hub;
}

const modelUrl = (hub: LocalHub) => `${hub.places.hub}/o/m/resolve/main/model.safetensors`;
const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());
const sha256 = createHash("sha256").update(MODEL).digest("hex");

test("a large file is one redirect away, with its size and hash on the way", async () => {
  const hub = await openHub();
  const first = await fetch(modelUrl(hub), { redirect: "manual", method: "HEAD" });
  expect(first.status).toBe(302);
  expect(first.headers.get("X-Linked-Size")).toBe("5000");
  expect(first.headers.get("X-Linked-ETag")).toBe(`"${sha256}"`);
  expect(first.headers.get("Location")).toMatch(/Expires=\d+&Signature=[0-9a-f]{64}/);
  expect(await bytesOf(await fetch(modelUrl(hub)))).toEqual(MODEL);
  const small = await fetch(`${hub.places.hub}/o/m/resolve/main/config.json`);
  expect([small.redirected, await small.text()]).toEqual([false, "{}"]);
});

test.each([
  ["bytes=10-19", 206, "bytes 10-19/5000", MODEL.subarray(10, 20)],
  ["bytes=-5", 206, "bytes 4995-4999/5000", MODEL.subarray(4995)],
  ["bytes=4990-", 206, "bytes 4990-4999/5000", MODEL.subarray(4990)],
  ["bytes=5000-5001", 416, "bytes */5000", new Uint8Array(0)],
])("range %s answers %i", async (range, status, contentRange, bytes) => {
  const response = await fetch(modelUrl(await openHub()), { headers: { Range: range } });
  expect([response.status, response.headers.get("Content-Range")]).toEqual([status, contentRange]);
  expect(await bytesOf(response)).toEqual(bytes);
});

test("the API names commit, sizes and hashes, and a commit is a revision too", async () => {
  const hub = await openHub();
  const json = async (path: string) =>
    (await fetch(`${hub.places.hub}/api/${path}`)).json() as Promise<unknown>;
  const { sha } = (await json("models/o/m/revision/main")) as { sha: string };
  expect(sha).toMatch(/^[0-9a-f]{40}$/);
  expect(await json(`models/o/m/tree/${sha}`)).toEqual([
    expect.objectContaining({ type: "directory", path: "onnx" }),
    expect.objectContaining({
      path: "model.safetensors",
      lfs: expect.objectContaining({ oid: sha256, size: 5000 }) as object,
    }),
    // git's own name of a file that holds {}
    { type: "file", path: "config.json", size: 2, oid: "9e26dfeeb6e641a33dae4961196235bdb965b21b" },
  ]);
  expect(await json("models/o/m/tree/main?recursive=true")).toHaveLength(4);
  expect(await json("datasets/o/d/tree/refs%2Fconvert%2Fparquet/plain/train")).toHaveLength(1);
  hub.put("o/m@main/config.json", new TextEncoder().encode("[]"));
  expect(await json("models/o/m/revision/main")).not.toMatchObject({ sha });
});

test("the datasets server lists parquet files by addresses that can be fetched", async () => {
  const hub = await openHub();
  const response = await fetch(`${hub.places.datasetsServer}/parquet?dataset=o%2Fd`);
  const { parquet_files: files } = (await response.json()) as {
    parquet_files: { url: string; config: string; split: string; size: number }[];
  };
  expect(files).toMatchObject([{ config: "plain", split: "train", size: 40 }]);
  expect((await fetch(files[0]?.url ?? "")).status).toBe(200);
  expect((await fetch(`${hub.places.datasetsServer}/parquet?dataset=o%2Fx`)).status).toBe(404);
});

test("every answer may be read from another origin", async () => {
  const hub = await openHub();
  const origin = { headers: { Origin: "http://studio.test" } };
  for (const url of [modelUrl(hub), `${hub.places.hub}/o/none/resolve/main/x`]) {
    const response = await fetch(url, { ...origin, redirect: "manual" });
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("http://studio.test");
    expect(response.headers.get("Access-Control-Expose-Headers")).toContain("Content-Range");
  }
  const preflight = await fetch(modelUrl(hub), { method: "OPTIONS" });
  expect(preflight.status).toBe(204);
});

test("failures come as often as asked, where asked", async () => {
  const hub = await openHub();
  const status = async () => (await fetch(modelUrl(hub))).status;
  hub.fail({ failure: { kind: "status", status: 429, retryAfterSeconds: 3 }, host: "hub" });
  expect((await fetch(modelUrl(hub))).headers.get("Retry-After")).toBe("3");
  hub.fail({ failure: { kind: "status", status: 503 }, host: "storage", times: 2 });
  hub.fail({ failure: { kind: "status", status: 404 }, path: "other" });
  expect([await status(), await status(), await status()]).toEqual([503, 503, 200]);
  hub.fail({ failure: { kind: "expiredLink" } });
  expect([await status(), await status()]).toEqual([403, 200]);
  hub.fail({ failure: { kind: "noRange" }, times: Infinity });
  const whole = await fetch(modelUrl(hub), { headers: { Range: "bytes=0-1" } });
  expect([whole.status, (await bytesOf(whole)).length]).toEqual([200, 5000]);
  hub.heal();
  expect((await fetch(modelUrl(hub), { headers: { Range: "bytes=0-1" } })).status).toBe(206);
});

test("a cut body ends early, a wrong one differs by a byte, a slow one takes its time", async () => {
  const hub = await openHub();
  hub.fail({ failure: { kind: "cut", afterBytes: 1000 } });
  await expect(fetch(modelUrl(hub)).then(bytesOf)).rejects.toThrow();
  expect(hub.log.at(-1)).toMatchObject({ host: "storage", status: 200, sentBytes: 1000 });
  hub.fail({ failure: { kind: "wrongBytes" } });
  const wrong = await bytesOf(await fetch(modelUrl(hub)));
  expect([...wrong].filter((byte, at) => byte !== MODEL[at])).toHaveLength(1);
  hub.fail({ failure: { kind: "trickle", bytesPerSecond: 20_000 } });
  const startedMs = performance.now();
  expect(await bytesOf(await fetch(modelUrl(hub)))).toEqual(MODEL);
  expect(performance.now() - startedMs).toBeGreaterThan(150);
});

test("a link holds for its time and only as it was signed", async () => {
  const hub = await openHub();
  const location = async () =>
    (await fetch(modelUrl(hub), { redirect: "manual" })).headers.get("Location") ?? "";
  expect((await fetch(await location())).status).toBe(200);
  expect((await fetch((await location()).replace("Expires=1", "Expires=2"))).status).toBe(403);
});

test("the golden networks are served as files a loader can read", () => {
  for (const [key, bytes] of goldenHubFiles()) {
    expect(parseSafetensors(bytes).tensors.size, key).toBeGreaterThan(10);
  }
});

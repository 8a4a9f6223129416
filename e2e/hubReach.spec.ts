import { expect, test } from "./hub/fixtures";

const KEY = "someone/tiny@main/model.safetensors";
const URL_OF_FILE = "https://huggingface.co/someone/tiny/resolve/main/model.safetensors";

test.use({ expectedComplaints: [/Content Security Policy/] });

test("the built page reads a range of the hub through its redirect, and no other host", async ({
  page,
  hub,
}) => {
  hub.put(
    KEY,
    Uint8Array.from({ length: 1000 }, (_, at) => at % 251),
  );
  await page.goto("/");
  const got = await page.evaluate(async (url) => {
    const response = await fetch(url, { headers: { Range: "bytes=100-103" } });
    return {
      isolated: crossOriginIsolated,
      status: response.status,
      origin: new URL(response.url).origin,
      range: response.headers.get("Content-Range"),
      bytes: [...new Uint8Array(await response.arrayBuffer())],
    };
  }, URL_OF_FILE);
  expect(got).toEqual({
    isolated: true,
    status: 206,
    origin: "https://cdn-lfs.hf.co",
    range: "bytes 100-103/1000",
    bytes: [100, 101, 102, 103],
  });
  // a single range is a header a page may send without asking first
  expect(hub.log.map(({ method, host }) => `${method} ${host}`)).toEqual([
    "GET hub",
    "GET storage",
  ]);

  const elsewhere = await page.evaluate(async () => {
    const blocked = new Promise<string>((resolve) => {
      document.addEventListener("securitypolicyviolation", (event) => resolve(event.blockedURI));
    });
    const refused = await fetch("https://example.com/").catch((error: unknown) => String(error));
    return { blocked: await blocked, refused };
  });
  expect(elsewhere).toEqual({
    blocked: "https://example.com/",
    refused: "TypeError: Failed to fetch",
  });
});

test("a worker of the studio falls under the same policy", async ({ page, hub, studio }) => {
  hub.put(KEY, new Uint8Array(8));
  const started = page.waitForEvent("worker");
  await studio.open();
  const worker = await started;
  const answers = await worker.evaluate(async (url) => {
    const status = (address: string) =>
      fetch(address).then(
        (response) => response.status,
        () => "refused",
      );
    return [
      await status(url),
      await status("https://datasets-server.huggingface.co/parquet?dataset=a/b"),
      await status(url.replace("huggingface.co", "huggingface.co.example.com")),
      await status(url.replace("https:", "http:")),
    ];
  }, URL_OF_FILE);
  expect(answers).toEqual([200, 404, "refused", "refused"]);
});

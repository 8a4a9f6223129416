import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { fetchFile } from "./fetchFile";

test("a file is read below the base; a missing one and a dead server are named", async () => {
  const server = createServer((request, response) => {
    response.statusCode = request.url === "/emoji/a.bin" ? 200 : 404;
    response.end(Uint8Array.of(1, 2, 3));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const base = `http://127.0.0.1:${port}/emoji`;
  expect([...(await fetchFile(base)("a.bin"))]).toEqual([1, 2, 3]);
  expect([...(await fetchFile(`${base}/`)("a.bin"))]).toEqual([1, 2, 3]);
  await expect(fetchFile(base)("b.bin")).rejects.toMatchObject({
    code: "DOWNLOAD_FAILED",
    message: expect.stringMatching(/b\.bin .*404/) as string,
  });
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  await expect(fetchFile(base)("a.bin")).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
});

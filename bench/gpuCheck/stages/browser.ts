import { createReadStream, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { pathToFileURL } from "node:url";
import type { BrowserContext, BrowserType, Page } from "playwright";
import { chromiumLaunch, systemChromium } from "../../../scripts/chromium.mjs";
import { isSoftwareAdapter, type AdapterFacts } from "../../../src/common/gpu/softwareAdapter";
import { adapterNameOf } from "../../../src/engine/kernels/openDevice";
import type { CheckPlaces } from "../places";
import type { Figures, Stage, StageContext, StageEnd } from "../stage";

interface BrowserFigures {
  readonly browser: string;
  /** What the page itself found. */
  readonly adapter: string;
  readonly software: boolean;
  /** Seconds from the address to each sight. */
  readonly sights: Readonly<Record<string, number>>;
  /** The page's status line at the end. */
  readonly statusLine: string;
  readonly complaints: readonly string[];
  readonly screenshot: string;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

/** The built page with the headers of `vite preview`; what it lacks comes from the folder of built-in data. */
function serve({ site, data }: CheckPlaces): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const name = normalize(decodeURIComponent(pathname)).replace(/^\/+/, "") || "index.html";
    const path = [site, data]
      .map((folder) => join(folder, name))
      .find((file) => !name.startsWith("..") && existsSync(file) && statSync(file).isFile());
    if (path === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      "Content-Type": TYPES[extname(path)] ?? "application/octet-stream",
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
    });
    createReadStream(path).pipe(response);
  });
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "localhost", () => {
      const address = server.address();
      const port = typeof address === "object" && address ? address.port : 0;
      resolve({ server, url: `http://localhost:${port}/` });
    });
  });
}

async function openChromium(
  context: StageContext,
  profile: string,
  real: boolean,
): Promise<BrowserContext> {
  const { chromium } = (await import(pathToFileURL(context.places.playwright).href)) as {
    chromium: BrowserType;
  };
  return chromium.launchPersistentContext(profile, {
    ...chromiumLaunch({ real, inWindow: false }),
    viewport: { width: 1440, height: 900 },
  });
}

/** What WebGPU offers the page; null when nothing. */
const adapterOf = (page: Page): Promise<AdapterFacts | null> =>
  page.evaluate(async () => {
    const found = "gpu" in navigator ? await navigator.gpu.requestAdapter() : null;
    if (!found) return null;
    const { vendor, architecture, device, description, isFallbackAdapter } = found.info;
    return { vendor, architecture, device, description, isFallbackAdapter };
  });

/** Train, and what a first visitor sees of it, with the seconds it took. */
async function firstVisit(
  page: Page,
  url: string,
  context: StageContext,
  onSight: (seconds: Readonly<Record<string, number>>) => void,
): Promise<void> {
  const startMs = context.clockMs();
  const seconds: Record<string, number> = {};
  const leftMs = () => Math.max(1_000, context.deadlineMs - context.clockMs());
  const sight = (name: string) => {
    seconds[name] = Math.round((context.clockMs() - startMs) / 100) / 10;
    context.log(`${name} after ${seconds[name]} s`);
    onSight({ ...seconds });
  };
  await page.goto(`${url}?backend=webgpu`);
  await page.getByRole("button", { name: "Train", exact: true }).click({ timeout: leftMs() });
  sight("Train pressed");
  const curve = page
    .getByRole("figure", { name: "Velocity loss by training step" })
    .locator("svg .recharts-line-curve[d]");
  await curve.first().waitFor({ timeout: leftMs() });
  sight("first curve");
  await page.getByRole("img", { name: /^Sample 1: / }).waitFor({ timeout: leftMs() });
  sight("first samples");
}

async function visit(context: StageContext, real: boolean): Promise<StageEnd | "no adapter"> {
  const profile = mkdtempSync(join(tmpdir(), "gpu-check-"));
  const { server, url } = await serve(context.places);
  const chromium = await openChromium(context, profile, real);
  try {
    const page = chromium.pages()[0] ?? (await chromium.newPage());
    const complaints: string[] = [];
    page.on("pageerror", ({ message }) => complaints.push(message));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    await page.goto(url); // a secure context: about:blank has no WebGPU
    const adapter = await adapterOf(page);
    if (adapter === null || (real && isSoftwareAdapter(adapter))) return "no adapter";
    const screenshot = "f-browser.png";
    let sights: Readonly<Record<string, number>> = {};
    const show = async () => {
      await page.screenshot({ path: join(context.out, screenshot) });
      context.write({
        browser: chromium.browser()?.version() ?? "unknown",
        adapter: adapterNameOf(adapter),
        software: isSoftwareAdapter(adapter),
        sights,
        statusLine: (await page.getByRole("region", { name: "Status" }).innerText()).replace(
          /\s+/g,
          " ",
        ),
        complaints,
        screenshot,
      } satisfies BrowserFigures);
    };
    try {
      await firstVisit(page, url, context, (seen) => (sights = seen));
    } catch (thrown) {
      await show();
      const message =
        thrown instanceof Error ? (thrown.message.split("\n")[0] ?? "") : String(thrown);
      return { status: "incomplete", problem: `The visit did not get to its end: ${message}` };
    }
    await show();
    return { status: "done" };
  } finally {
    await chromium.close();
    server.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

async function run(context: StageContext): Promise<StageEnd> {
  const missing = (problem: string): StageEnd => ({ status: "incomplete", problem });
  if (!systemChromium()) return missing("No Chromium or Chrome here (CHROMIUM_PATH names one).");
  if (!existsSync(join(context.places.site, "index.html"))) {
    return missing(
      `The page is not built: ${context.places.site} has no index.html (npm run build).`,
    );
  }
  if (context.adapter === "default") {
    const real = await visit(context, true);
    if (real !== "no adapter") return real;
    context.log("Chromium offers no real adapter; a software one is taken");
  }
  const software = await visit(context, false);
  return software === "no adapter" ? missing("Chromium offers no WebGPU adapter.") : software;
}

function lines(figures: Figures): string[] {
  const { browser, adapter, software, sights, statusLine, complaints } =
    figures as unknown as Partial<BrowserFigures>;
  if (!adapter) return [];
  return [
    `Chromium ${browser ?? "?"}, ${adapter}${software ? " (a software adapter)" : ""}`,
    ...Object.entries(sights ?? {}).map(([name, value]) => `${name}: ${value} s`),
    ...(statusLine ? [`at the end: ${statusLine}`] : []),
    ...(complaints ?? []).map((text) => `complaint: ${text}`),
  ];
}

export const browser: Stage = {
  title: "does a first visit of the page work in Chromium?",
  weight: 10,
  run,
  lines,
};

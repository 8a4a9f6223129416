/** Screenshots of the storyboard: node test/pages/shoot.mjs OUT [SCENE...] (vite must serve port 5199). */
import { mkdirSync } from "node:fs";
import { chromium } from "playwright";
import { chromiumLaunch } from "../../scripts/chromium.mjs";

const [out = ".cache/shots", ...asked] = process.argv.slice(2);
const scenes = asked.length > 0 ? asked : ["training:1440:light", "training:1024:dark"];
const HEIGHTS = { 1440: 900, 1024: 768 };
mkdirSync(out, { recursive: true });

const browser = await chromium.launch(chromiumLaunch({ webgpu: false }));
for (const shot of scenes) {
  const [scene, width = "1440", scheme = "light"] = shot.split(":");
  const viewport = { width: Number(width), height: HEIGHTS[width] ?? 900 };
  const page = await browser.newPage({ viewport, colorScheme: scheme });
  page.on("pageerror", (error) => console.log(`${shot}: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") {
      console.log(`${shot}: ${message.text().slice(0, 300)}`);
    }
  });
  await page.goto(`http://localhost:5199/test/pages/storyboard.html?scene=${scene}`);
  await page.getByRole("navigation", { name: "Views" }).waitFor({ timeout: 60_000 });
  await page.waitForTimeout(1800);
  const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
  if (overflow > 0) console.log(`${shot}: ${overflow} px too wide`);
  await page.screenshot({ path: `${out}/${scene}-${width}-${scheme}.png` });
  await page.close();
}
await browser.close();

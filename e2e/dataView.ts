import { expect, type Page } from "@playwright/test";

/** What a browser says of a file picker that was opened. */
type Files = string | { name: string; mimeType: string; buffer: Buffer };

/** Decoding, and packing what was decoded, on a machine that does other things too. */
const IMPORT_MS = 60_000;

/** The Data view as a person sees it. */
export function dataViewOn(page: Page) {
  const button = (name: string | RegExp) => page.getByRole("button", { name, exact: true });
  const images = page.getByRole("region", { name: "Images", exact: true });
  const tiles = images.getByRole("group", { name: "Images to choose from" }).getByRole("button");
  const form = page.getByRole("form", { name: "Import" });

  const pick = async (how: string, files: Files) => {
    const chooser = page.waitForEvent("filechooser");
    await button(how).click();
    await (await chooser).setFiles(files);
  };
  const imported = async (name: string) => {
    await expect(page.getByRole("alert", { name: `${name} is here` })).toBeVisible({
      timeout: IMPORT_MS,
    });
  };

  return {
    images,
    tiles,
    form,
    prefill: page.getByRole("region", { name: "Prefill caches" }),
    maps: page.getByRole("figure", { name: "Feature maps by encoder" }),
    encoder: (name: string) =>
      page.getByRole("group", { name: "Encoders to compare" }).getByRole("checkbox", { name }),
    row: (name: string) => page.getByRole("listitem", { name, exact: true }),
    /** Data sets beside the built-in one. */
    rows: page.getByRole("region", { name: "Data sets" }).getByRole("listitem"),
    imported,
    async addFolder(path: string) {
      await pick("Choose a folder", path);
      await form.getByRole("button", { name: "Import" }).click();
    },
    async addArchive(name: string, bytes: Uint8Array) {
      const buffer = Buffer.from(bytes);
      await pick("Choose zip or parquet", {
        name,
        mimeType: "application/octet-stream",
        buffer,
      });
      await form.getByRole("button", { name: "Import" }).click();
    },
    /** Up to the form that shows what an import gives. */
    chooseArchive: (name: string, bytes: Uint8Array) =>
      pick("Choose zip or parquet", {
        name,
        mimeType: "application/octet-stream",
        buffer: Buffer.from(bytes),
      }),
    /** Up to the form that names the size; `importHub` starts it. */
    async chooseHub(repo: string) {
      await page.getByText("Hugging Face", { exact: true }).click();
      await page.getByLabel("Any data set").fill(repo);
      await button("Look up").click();
      await button("Choose default train").click();
    },
    async importHub() {
      await form.getByRole("button", { name: /^Download .* and import$/ }).click();
    },
    async chooseClass(name: string) {
      await images.getByRole("combobox", { name: "Class" }).click();
      await page.getByRole("option", { name }).click();
    },
    /** Mean of each channel of the pictures that are shown, [tiles][3]. */
    meanColours: () =>
      tiles.locator("canvas").evaluateAll((canvases) =>
        canvases.map((canvas) => {
          if (!(canvas instanceof HTMLCanvasElement)) throw new Error("not a canvas");
          const { width, height } = canvas;
          const data = canvas.getContext("2d")?.getImageData(0, 0, width, height).data ?? [];
          return [0, 1, 2].map((channel) => {
            let sum = 0;
            for (let at = channel; at < data.length; at += 4) sum += data[at] ?? 0;
            return sum / (width * height);
          });
        }),
      ),
  };
}

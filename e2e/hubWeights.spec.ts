import type { LocalHub } from "./hub/server";
import { expect, test } from "./hub/fixtures";
import type { LoggedRequest } from "./hub/answer";
import { dinov2SmallFile } from "./hub/standIns";
import { onlyAtEnd, prepend, tiny, type Studio } from "./studio";

/** A stand-in: the true names, shapes and size of DINOv2 ViT-S/14, random values. What is learnt from it means nothing. */
const REPO = "timm/vit_small_patch14_dinov2.lvd142m";
const KEY = `${REPO}@main/model.safetensors`;
const LABEL = "DINOv2 ViT-S/14";
/** What is written to storage at once, and fetched again when the page dies over it. */
const PIECE_BYTES = 8 * 2 ** 20;

// wasm: twelve blocks over all images are seconds there, minutes on a software adapter
test.use({ backend: "wasm", expectedComplaints: [/Failed to load resource/] });
test.beforeEach(async ({ hub }) => hub.put(KEY, await dinov2SmallFile()));

/** Few images, for a large encoder; far more steps than a test waits for, and nothing but steps. */
const MANY_STEPS = {
  data: { imageLimit: 8 },
  optimizer: { steps: 5000 },
  evaluation: onlyAtEnd(5000),
} as const;

const weightsDialog = ({ page }: Studio) => page.getByRole("dialog", { name: /weights/i });

/** Chooses DINOv2-S in the form and presses Train; then the dialog is up. */
async function trainOnDinov2(studio: Studio) {
  await studio.openLink(tiny(MANY_STEPS));
  await studio.linkDialog.getByRole("button", { name: "Edit it first" }).click();
  await studio.page.getByText("Published encoders").click();
  await studio.setting(LABEL).check();
  await studio.setting("Tiny ViT, trained here").uncheck();
  await studio.button("Train").click();
  const dialog = weightsDialog(studio);
  await expect(dialog).toContainText(LABEL);
  return dialog;
}

/** Breaks two connections after 24 MB, within the third piece (that for the header ends before), later ones at once. */
function cutForGood(hub: LocalHub) {
  hub.fail({ failure: { kind: "cut", afterBytes: 24e6 }, host: "storage", times: 2 });
  hub.fail({ failure: { kind: "cut", afterBytes: 0 }, host: "storage", times: Infinity });
}

/** The pauses between tries take half a minute until a download is given up; hubClient.test.ts has them, here they are short. */
const IMPATIENT = `
const after = self.setTimeout;
self.setTimeout = (run, ms, ...rest) =>
  after(run, ms >= 1000 && ms <= 16000 ? ms / 10 : ms, ...rest);
`;

/** Where answers with bytes of the file began and ended, in order. */
const sentRanges = (log: readonly LoggedRequest[]) =>
  log
    .filter(({ host, status }) => host === "storage" && status === 206)
    .map(({ range, sentBytes }) => {
      const first = Number(/^bytes=(\d+)-/.exec(range ?? "")?.[1]);
      return { first, end: first + sentBytes };
    });

/** What the storage drawer says of weights. */
async function storedWeights(studio: Studio) {
  await studio.button("Runs and storage").click();
  return studio.page.getByRole("region", { name: "Weights" });
}

test("DINOv2-S: confirmed, cut, reloaded, cut for good, tried again, verified, trained on, switched away from", async ({
  studio,
  page,
  context,
  hub,
}) => {
  const dialog = await trainOnDinov2(studio);
  await expect(dialog.getByLabel(`Repository for ${LABEL}`)).toHaveValue(REPO);
  await expect(dialog).toContainText("88.2 MB");
  await expect(dialog).toContainText("Apache-2.0");
  expect(hub.log).toEqual([]);

  cutForGood(hub);
  await dialog.getByRole("button", { name: "Download 88.2 MB" }).click();
  await expect(dialog).toContainText("the connection broke at byte");
  await prepend(context, "features", IMPATIENT);
  // a script that a test answered for has no address, and would have to ask before it reaches this machine's
  await context.grantPermissions(["local-network-access"]);
  await page.reload();

  hub.heal();
  hub.clearLog();
  cutForGood(hub);
  const again = await trainOnDinov2(studio);
  // two whole pieces came
  await expect(again).toContainText("88.2 MB, 16.8 MB here already");
  expect(hub.log).toEqual([]);
  await again.getByRole("button", { name: "Download 71.4 MB" }).click();
  const failure = again.getByRole("alert", { name: "The download stopped: DOWNLOAD_FAILED" });
  await expect(failure).toContainText("the connection broke at byte", { timeout: 90_000 });
  await expect(failure).toContainText("Check the connection and try again");

  hub.heal();
  await again.getByRole("button", { name: /^Try again/ }).click();
  await expect(again).toBeHidden({ timeout: 60_000 });
  const ranges = sentRanges(hub.log);
  expect(ranges[0]?.first).toBe(2 * PIECE_BYTES);
  for (const [index, { first }] of ranges.entries()) {
    // asked for again is only what was lost on its way, and the rest of its piece
    if (index > 0) expect(first).toBeGreaterThan((ranges[index - 1]?.end ?? 0) - 2 * PIECE_BYTES);
  }

  await studio.waitForStep(2);
  const changes = page.getByRole("region", { name: "Live changes" });
  await studio.setting("Patch histograms (hand-made control)").check();
  await expect(changes).toContainText("histogram + DINOv2-S", { timeout: 60_000 });
  await studio.setting(LABEL).uncheck();
  await expect(studio.figure("Denoising loss by training step")).toContainText("histogram");
  const atSwitch = await studio.step();
  await studio.waitForStep(atSwitch + 2);
  await studio.button("Stop").click();
  await studio.waitForPhase("Stopped");
  const { timeline, experiment } = await studio.newestRun();
  expect(experiment.alignment.encoders).toEqual(["dinov2-s"]);
  expect(timeline.map(({ change }) => change)).toEqual([
    { encoders: ["patch-histogram", "dinov2-s"] },
    { encoders: ["patch-histogram"] },
  ]);

  const stored = await storedWeights(studio);
  await expect(stored).toContainText(`${REPO} 88.2 MB · SHA-256 verified · Apache-2.0`);
});

test("wrong bytes: said, nothing kept, nothing trained; the file by hand in their place, as float16", async ({
  studio,
  hub,
}) => {
  hub.fail({ failure: { kind: "wrongBytes" }, host: "storage", times: Infinity });
  const dialog = await trainOnDinov2(studio);
  await dialog.getByRole("button", { name: /^Download/ }).click();
  const failure = dialog.getByRole("alert", { name: "The download stopped: CHECKSUM_MISMATCH" });
  await expect(failure).toContainText(/SHA-256 [0-9a-f]{64}/, { timeout: 60_000 });
  await expect(dialog.getByRole("button", { name: "Try again, 88.2 MB" })).toBeVisible();
  await expect(dialog).not.toContainText("here already");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(studio.status).toContainText("No run yet");
  const none = await storedWeights(studio);
  await expect(none).toContainText("None.");
  await studio.button("Close runs and storage").click();

  hub.clearLog();
  await studio.button("Train").click();
  await dialog.getByLabel("Store as float16").check();
  await dialog.getByLabel(`safetensors file for ${LABEL}`).setInputFiles(await dinov2SmallFile());
  await expect(dialog).toBeHidden({ timeout: 60_000 });
  expect(sentRanges(hub.log)).toEqual([]);
  await studio.button("Cancel").click();
  await studio.waitForPhase("Stopped");
  const stored = await storedWeights(studio);
  await expect(stored).toContainText(
    /44\.1 MB · float16 · rounding error 1\.\d+e−4 of RMS, at most/,
  );
  await expect(stored).toContainText("SHA-256 verified");
});

test("a link that names DINOv2-S says what would be downloaded, and downloads nothing", async ({
  studio,
  hub,
}) => {
  await studio.openLink(tiny({ alignment: { encoders: ["dinov2-s"] } }));
  const downloads = studio.linkDialog.getByRole("list", { name: "Weights to download" });
  await expect(downloads).toHaveText(`${LABEL}, 88.2 MB, Apache-2.0`);
  await studio.linkDialog.getByRole("button", { name: "Run it" }).click();
  await expect(weightsDialog(studio)).toContainText("88.2 MB");
  expect(hub.log).toEqual([]);
});

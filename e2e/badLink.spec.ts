import { deflateSync, strToU8 } from "fflate";
import { SCHEMA_VERSION } from "../src/common/config/migrate";
import { expect, test } from "./fixtures";
import type { Studio } from "./studio";

test.use({ backend: "wasm" });

const linkOf = (payload: unknown) =>
  `#/run?x=${Buffer.from(deflateSync(strToU8(JSON.stringify(payload)))).toString("base64url")}`;

/** What every link here says rightly, and the studio must offer. */
const RIGHT = { optimizer: { steps: 77 }, alignment: { encoderDepth: 2 } };

const CASES = [
  {
    what: "of a newer version",
    payload: { v: SCHEMA_VERSION + 1, experiment: RIGHT },
    names: "newer studio",
  },
  {
    what: "with an unknown setting",
    payload: {
      v: SCHEMA_VERSION,
      experiment: { ...RIGHT, optimizer: { steps: 77, warmup: 5 } },
    },
    names: "optimizer.warmup",
  },
  {
    what: "with a value out of range",
    payload: {
      v: SCHEMA_VERSION,
      experiment: { ...RIGHT, alignment: { encoderDepth: 2, projCoeff: -3 } },
    },
    names: "alignment.projCoeff",
  },
];

/** Only another address than the one shown is loaded anew. */
const leave = (studio: Studio) => studio.page.goto("about:blank");

test("a link that is partly right says what is wrong by name and offers the rest", async ({
  studio,
}) => {
  for (const { what, payload, names } of CASES) {
    await test.step(what, async () => {
      await studio.open("from=link", linkOf(payload));
      await expect(studio.linkDialog.getByRole("alert")).toContainText(names);
      await expect(studio.linkDialog).toContainText("77");
      await expect(studio.linkDialog.getByRole("button", { name: "Run it" })).toBeEnabled();
      await leave(studio);
    });
  }
});

test("a link that cannot be read is told, and the studio still works", async ({ studio }) => {
  const whole = linkOf({ v: SCHEMA_VERSION, experiment: RIGHT });
  for (const [what, hash] of [
    ["not base64", "#/run?x=%%%"],
    ["cut short", whole.slice(0, 20)],
  ] as const) {
    await test.step(what, async () => {
      await studio.open("preset=tiny", hash);
      const dialog = studio.page.getByRole("dialog", { name: "This link cannot be opened" });
      await expect(dialog).toContainText("cannot be read");
      await dialog.getByRole("button", { name: "Close", exact: true }).click();
      await expect(dialog).toBeHidden();
      await expect(studio.button("Train")).toBeEnabled();
      await leave(studio);
    });
  }
});

import { afterEach, expect, test } from "vitest";
import { TUNINGS } from "../../engine/kernels/chooseTuning";
import type { MatMulTuning } from "../../engine/kernels/device";
import { openStudioDb } from "../../common/storage/openDb";
import { putSetting } from "../../common/storage/settings";
import { tuningName } from "../../engine/kernels/tuningName";
import { sharedTileName } from "../../engine/kernels/sharedTile";
import { chooseTuning } from "./tuning";

/** Real IndexedDB; only the device is played, so that measurings can be counted and what fails is known. */
const name = `test-${crypto.randomUUID()}`;
const open = () => openStudioDb(name);
const memory = { openDatabase: open, browser: "a browser 1" };
afterEach(() => void indexedDB.deleteDatabase(name));

/** Of the linear map that was timed. */
const SIZES = [2048, 512, 1024] as const;

/** The order of the tunings as it is measured, beginning with this one. */
const orderFrom = (best: number) => [...TUNINGS.slice(best), ...TUNINGS.slice(0, best)];

function device(best: number, broken: readonly MatMulTuning[] = [], fill?: number) {
  let count = 0;
  return {
    count: () => count,
    work: {
      measure: () => {
        count++;
        const times = orderFrom(best).map((tuning, i) => ({ tuning, sizes: SIZES, ms: i + 1 }));
        return Promise.resolve({ times, ...(fill !== undefined && { fill }) });
      },
      check: (tuning: MatMulTuning) =>
        Promise.resolve(
          broken.includes(tuning) ? [{ operation: "StudioLinear", reason: "off by 0.8" }] : [],
        ),
      hasFloat16: false,
    },
  };
}

const failedNames = ({ failed }: { readonly failed: readonly { readonly name: string }[] }) =>
  failed.map((one) => one.name);

const [T0, T1, T2] = TUNINGS as readonly [MatMulTuning, MatMulTuning, MatMulTuning];

test("the best of the first measurement is remembered for its adapter, and for no other", async () => {
  const first = device(2);
  expect((await chooseTuning("adapter a", memory, first.work)).tuning).toBe(T2);
  const later = device(1);
  expect((await chooseTuning("adapter a", memory, later.work)).tuning).toBe(T2);
  expect([first.count(), later.count()]).toEqual([1, 0]);
  expect((await chooseTuning("adapter b", memory, later.work)).tuning).toBe(T1);
});

test("another version of the browser is measured over", async () => {
  await chooseTuning("adapter a", memory, device(2).work);
  const newer = { ...memory, browser: "a browser 2" };
  expect((await chooseTuning("adapter a", newer, device(1).work)).tuning).toBe(T1);
});

test("a remembered tile that fails later is passed over, and not taken up again", async () => {
  await chooseTuning("adapter a", memory, device(1).work);
  const second = device(0, [T1]);
  const chosen = await chooseTuning("adapter a", memory, second.work);
  expect(chosen.tuning).toBe(T2); // the second quickest of the first measurement
  expect(chosen.failed).toEqual([{ name: tuningName(T1), reason: "Linear off by 0.8" }]);
  const third = device(0); // a race may well pass once: what failed is not trusted again
  const again = await chooseTuning("adapter a", memory, third.work);
  expect(again.tuning).toBe(T2);
  expect(failedNames(again)).toEqual([tuningName(T1)]);
  expect(second.count() + third.count()).toBe(0);
});

test("a tile that fails at the first start is not remembered as good", async () => {
  expect((await chooseTuning("adapter a", memory, device(0, [T0]).work)).tuning).toBe(T1);
  const again = await chooseTuning("adapter a", memory, device(0).work);
  expect(again.tuning).toBe(T1);
  expect(failedNames(again)).toEqual([tuningName(T0)]);
});

test("when all others fail, what failed before has another chance", async () => {
  await chooseTuning("adapter a", memory, device(0, [T0]).work);
  const changed = device(0, TUNINGS.slice(1));
  const chosen = await chooseTuning("adapter a", memory, changed.work);
  expect(chosen.tuning).toBe(T0);
  expect(chosen.failed).toEqual([]);
  expect(changed.count()).toBe(1);
});

test("when every tile fails, the operation is named and no tile is forgotten", async () => {
  const chosen = await chooseTuning("adapter a", memory, device(0, TUNINGS).work);
  expect(chosen.off.map(({ operation }) => operation)).toEqual(["StudioLinear"]);
  expect(chosen.failed).toEqual([]);
  expect((await chooseTuning("adapter a", memory, device(0).work)).tuning).toBe(T0);
});

/** Tiles of a tuning through workgroup memory, by name, and its fill. */
const sharedOf = ({ tuning }: { readonly tuning: MatMulTuning }) =>
  tuning.kind === "shared"
    ? { fill: tuning.fill, tiles: tuning.speeds.map(({ tile }) => sharedTileName(tile)) }
    : undefined;
const FIRST_SHARED = TUNINGS.findIndex(({ kind }) => kind === "shared");

test("tiles through workgroup memory that are worth it are joined, and remembered so", async () => {
  const first = await chooseTuning("adapter a", memory, device(FIRST_SHARED, [], 128).work);
  const joined = sharedOf(first);
  expect(joined?.fill).toBe(128);
  expect(joined?.tiles.length).toBeGreaterThan(1);
  const later = device(0, [], 8);
  expect((await chooseTuning("adapter a", memory, later.work)).tuning).toEqual(first.tuning);
  expect(later.count()).toBe(0);
});

test("one of the joined tiles that fails is left out, named, and stays out", async () => {
  const { tiles = [] } =
    sharedOf(await chooseTuning("adapter a", memory, device(FIRST_SHARED, [], 128).work)) ?? {};
  const named = (name: string) => TUNINGS.find((tuning) => tuningName(tuning) === `shared ${name}`);
  const broken = tiles.slice(1).flatMap((name) => named(name) ?? []);
  const chosen = await chooseTuning("adapter a", memory, device(0, broken).work);
  expect(sharedOf(chosen)?.tiles).toEqual(tiles.slice(0, 1));
  expect(failedNames(chosen)).toEqual(broken.map(tuningName));
  const again = await chooseTuning("adapter a", memory, device(0).work);
  expect(sharedOf(again)?.tiles).toEqual(tiles.slice(0, 1));
  expect(failedNames(again)).toEqual(broken.map(tuningName));
});

test("what earlier versions stored is measured over: there were fewer tiles", async () => {
  const db = await open();
  await putSetting(db, "tuning/adapter c", tuningName(T2));
  const { work, count } = device(0);
  expect((await chooseTuning("adapter c", memory, work)).tuning).toBe(T0);
  expect(count()).toBe(1);
  db.close();
});

test("nonsense in storage is measured over", async () => {
  const db = await open();
  await putSetting(db, "tuning/adapter c", { kind: "shared", tile: [1e9, 1e9] });
  db.close();
  const { work, count } = device(1);
  expect((await chooseTuning("adapter c", memory, work)).tuning).toBe(T1);
  expect((await chooseTuning("adapter c", memory, work)).tuning).toBe(T1);
  expect(count()).toBe(1);
});

test("a browser without storage measures each time", async () => {
  const { work, count } = device(0);
  const refused = { ...memory, openDatabase: () => Promise.reject(new Error("refused")) };
  expect((await chooseTuning("adapter d", refused, work)).tuning).toBe(T0);
  expect((await chooseTuning("adapter d", refused, work)).tuning).toBe(T0);
  expect(count()).toBe(2);
});

import { expect, test } from "vitest";
import { Experiment } from "../../../common/config/experiment";
import type { CacheBill } from "../../../common/protocol/features";
import type { Outcome } from "../../../common/protocol/shared";
import { createStudioStore } from "../../store/studioStore";
import { createCacheNow } from "./cacheNow";

const billFor = (images: number): CacheBill => ({ images, items: [], weights: [] });

test("a bill that comes late does not take the place of a newer one of the same encoders", async () => {
  const answers: ((bill: Outcome<CacheBill>) => void)[] = [];
  const store = createStudioStore(Experiment.parse({}));
  const runner = {
    billOf: () => new Promise<Outcome<CacheBill>>((answer) => answers.push(answer)),
    cache: () => Promise.resolve(undefined),
    cancelCaching: () => undefined,
  };
  const { bill } = createCacheNow(store, runner, () => undefined);
  const encoders = ["tiny-vit"] as const;
  const asked = [bill(encoders), bill(encoders)];
  answers[1]?.({ ok: true, value: billFor(12) });
  answers[0]?.({ ok: true, value: billFor(3812) });
  await Promise.all(asked);
  expect(store.getState().cacheNow.bill?.images).toBe(12);
});

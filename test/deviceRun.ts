import { currentStudioBackend, type StudioBackend } from "../src/kernels/studioBackend";
import type { Trainer } from "../src/training/trainer";

/** The studio's backend, with tiles that compile quickly. */
export function smallTiles(): StudioBackend {
  const current = currentStudioBackend();
  if (!current) throw new Error("Not on the studio's backend.");
  current.tuning = { kind: "register", tile: [4, 4] };
  return current;
}

/** All numbers of a trainer's state, one after the other. */
export async function stateNumbers(trainer: Trainer): Promise<number[]> {
  const { params, ema, expAvg, expAvgSq } = trainer.state();
  const maps = [params, ema, expAvg, expAvgSq].flatMap((map) => Object.values(map));
  const read = await Promise.all(maps.map((tensor) => tensor.data()));
  return read.flatMap((values) => [...values]);
}

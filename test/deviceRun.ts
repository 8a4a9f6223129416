import { currentStudioBackend, type StudioBackend } from "../src/engine/kernels/studioBackend";
import type { Trainer } from "../src/engine/training/trainer";

/** The studio's backend, with tiles that compile quickly. */
export function smallTiles(): StudioBackend {
  const current = currentStudioBackend();
  if (!current) throw new Error("Not on the studio's backend.");
  current.tuning = { kind: "register", tile: [4, 4] };
  return current;
}

/** All numbers of a trainer's state, parameters by name. */
export async function stateNumbers(trainer: Trainer): Promise<number[]> {
  const { params, ema, expAvg, expAvgSq } = trainer.state();
  const maps = [params, ema, expAvg, expAvgSq].flatMap((map) =>
    Object.entries(map)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, tensor]) => tensor),
  );
  const read = await Promise.all(maps.map((tensor) => tensor.data()));
  return read.flatMap((values) => [...values]);
}

import { createHash } from "node:crypto";
import { parseSafetensors, type SafetensorsTensor } from "../src/common/formats/safetensors";
import type { Studio } from "./studio";

/** Parameters in a checkpoint, beside EMA, moments and counters (src/engine/training/checkpoint.ts). */
const PREFIX = "model.";

/** A run's stored parameters at `step`. @throws when there is no such checkpoint or it has none */
export async function storedParameters(
  studio: Studio,
  runId: string,
  step: number,
): Promise<ReadonlyMap<string, SafetensorsTensor>> {
  const db = await studio.db();
  const found = await db.checkpoint(runId, step);
  if (!found) {
    const steps = await db.checkpointSteps(runId);
    throw new Error(`run ${runId} has no checkpoint of step ${step}, only of ${steps.join(", ")}`);
  }
  const { tensors } = parseSafetensors(new Uint8Array(found.bytes));
  const parameters = [...tensors].filter(([name]) => name.startsWith(PREFIX));
  if (parameters.length === 0) throw new Error(`no tensor of the checkpoint is a ${PREFIX}*`);
  return new Map(parameters);
}

/** One hash over names, shapes and bits: equal exactly when all parameters are bitwise equal. */
export function digest(parameters: ReadonlyMap<string, SafetensorsTensor>): string {
  const hash = createHash("sha256");
  const byName = [...parameters].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, { shape, data }] of byName) {
    hash.update(`${name} ${shape.join("x")}\n`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}

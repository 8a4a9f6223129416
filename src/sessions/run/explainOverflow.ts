import { StudioError } from "../../common/errors/studioError";
import { currentStudioBackend } from "../../engine/kernels/studioBackend";
import { firstOverflow, type Overflow } from "../../engine/training/firstOverflow";
import { inMixedPrecision } from "../../engine/training/mixedPrecision";
import { loadModel, type LoadedRun } from "./loadRun";
import { openStep } from "./openStep";

const lowest = (times: readonly number[]) => times.reduce((a, b) => Math.min(a, b), Infinity);
const highest = (times: readonly number[]) => times.reduce((a, b) => Math.max(a, b), -Infinity);

/** "t = 0.02 to 0.98"; a DiT's times are whole steps. */
function timesText(times: readonly number[]): string {
  const [from, to] = [lowest(times), highest(times)].map((t) => Number(t.toPrecision(3)));
  return from === to ? `t = ${from}` : `t = ${from} to ${to}`;
}

/** What was found, as a sentence. @param from the checkpoint's step that the steps were repeated from */
export function overflowText(found: Overflow | null, from: number): string {
  if (!found) {
    return `Repeated from step ${from}, operation by operation, all numbers of the step are finite: the device may have computed it wrongly.`;
  }
  const { of, name, images } = found;
  switch (of) {
    case "parameter":
      return `The update before it left ${name} with numbers that are none.`;
    case "activation":
      return images
        ? `The first to overflow is what ${name} gives, in ${images.times.length} of ${images.of} images, at ${timesText(images.times)}.`
        : `The first to overflow is what ${name} gives.`;
    case "loss":
      return `All activations are finite; the first to overflow is the ${name}.`;
    case "gradient":
      return `All activations are finite; the first to overflow is the gradient of ${name}.`;
    case "norm":
      return "All gradients are finite; the first to overflow is their norm.";
  }
}

/** Repeats steps from the newest checkpoint up to the one before `step`, and looks into that. Null: it was stopped. */
async function lookInto(run: LoadedRun, step: number): Promise<string | null> {
  const { journal, inputs, experiment } = run;
  const model = await loadModel(run.db, journal, run, inputs.request.runId);
  const from = model.step();
  const own = { ...run, model };
  const isMixed = experiment.optimizer.mixedPrecision;
  const backend = isMixed ? currentStudioBackend() : undefined;
  try {
    for (;;) {
      await inputs.environment.turn();
      inputs.control.assertHealthy();
      if (inputs.control.stopping()) return null;
      const next = model.step() + 1;
      journal.emit({
        type: "activity",
        detail: `Looking for what overflowed: step ${next - from} of ${step - from} once more`,
      });
      const { batch, options, dispose } = await openStep(own);
      try {
        if (next < step) {
          const logged = model.update(batch, options);
          await logged.data().finally(() => logged.dispose()); // no more is submitted than the device can take
          continue;
        }
        const found = await firstOverflow(model.whole().params, batch, options, (work) =>
          backend?.float16 ? inMixedPrecision(backend, work) : work(),
        );
        return overflowText(found, from);
      } finally {
        dispose();
      }
    }
  } finally {
    model.dispose();
  }
}

/**
 * The error of a run that ended in numbers that are none, with what overflowed first and at which t. For that the steps
 * since the newest checkpoint are repeated: they give the same bits. Any other error, and one that cannot be looked into, is
 * returned as it is; a stop ends the search.
 * @param run its own model is disposed already
 */
export async function explainOverflow(run: LoadedRun, thrown: unknown): Promise<unknown> {
  const step = run.reader.divergedAt();
  if (!(thrown instanceof StudioError) || thrown.code !== "NONFINITE_LOSS" || step === null) {
    return thrown;
  }
  try {
    const text = await lookInto(run, step);
    return text === null
      ? thrown
      : new StudioError(thrown.code, `${thrown.message} ${text}`, thrown.hint);
  } catch {
    return thrown; // the device may be lost, or too small for the search; why the run ended is known
  }
}

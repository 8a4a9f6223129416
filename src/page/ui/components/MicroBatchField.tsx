import { Select } from "@mantine/core";
import { useStudio } from "../useStudio";
import type { FieldState } from "./useField";

const WHOLE = "whole";

/** What a micro-batch can be, the largest first; the current one is listed even if it leaves a rest. */
export function microBatchOptions(
  batchSize: number,
  current: number | null,
): { readonly value: string; readonly label: string }[] {
  const sizes = Array.from({ length: batchSize - 1 }, (_, i) => batchSize - 1 - i).filter(
    (size) => batchSize % size === 0 || size === current,
  );
  const beyond = current !== null && current >= batchSize ? [current] : [];
  return [
    { value: WHOLE, label: "Whole batch" },
    ...[...beyond, ...sizes].map((size) => ({
      value: String(size),
      label: batchSize % size === 0 ? `${size} × ${batchSize / size}` : `${size} (leaves a rest)`,
    })),
  ];
}

/** Divisors of the batch size, as images at once × times a step. */
export function MicroBatchField(props: { readonly id: string; readonly state: FieldState }) {
  const { id, state } = props;
  const batchSize = useStudio(({ experiment }) => experiment.value.optimizer.batchSize);
  const current = typeof state.value === "number" ? state.value : null;
  return (
    <Select
      id={id}
      size="xs"
      disabled={state.locked}
      data={microBatchOptions(batchSize, current)}
      value={current === null ? WHOLE : String(current)}
      onChange={(chosen) => {
        if (chosen !== null) state.set(chosen === WHOLE ? null : Number(chosen));
      }}
      allowDeselect={false}
      error={state.error !== undefined}
      {...(state.error !== undefined && { "aria-describedby": `${id}-error` })}
      comboboxProps={{ shadow: "md", width: "max-content", position: "bottom-end" }}
    />
  );
}

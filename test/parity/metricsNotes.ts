/** Numbers in metric manifests that no case compares, by the names on their path, and why. */
const REASONS: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^(?:N|D|k|n_\w+|dim_\w+|flattened_dim|fit_rows)$/, "sizes, which the cases read"],
  [/margin|gap|max_abs_diff/, "margins of the fixture, which no implementation computes"],
  [
    /^(?!cmmd_biased_official).*official|adm_fp16_emulated/,
    "other programs' output in float32, float16 or with their own round-off",
  ],
  [/with_offset_eps|symmetric_eigh_form/, "forms less exact than the one used here"],
  [/^wrong_value/, "values of named mistakes"],
  [/sklearn_1\.2|^next_explained/, "facts about the fixture's spectrum and signs"],
  [
    /^torch_probe\/.*affine_true/,
    "a batch norm with parameters: the same models on another path; the paper's text says without",
  ],
  [
    /^logistic_regression.*lbfgs|^C_(?:0\.01|100)|^C_.*train$/,
    "regularised fits that are no probe; the validation range for C in 0.1..10 is what a probe is held to",
  ],
];

/** Why the number at this path of `results` is not compared, or undefined when a case must compare it. */
function whyNotCompared(path: readonly string[]): string | undefined {
  // of a fit it depends on C and on the part together
  const names = path[0] === "logistic_regression" ? [path.slice(1).join(".")] : path;
  return REASONS.find(([pattern]) => names.some((name) => pattern.test(name)))?.[1];
}

/** The path of every number in `value`; a list's numbers share one. */
function* pathsOf(value: unknown, path: readonly string[]): Generator<readonly string[]> {
  if (typeof value === "number") yield path;
  if (Array.isArray(value)) for (const inner of value) yield* pathsOf(inner, path);
  else if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value)) yield* pathsOf(inner, [...path, key]);
  }
}

/** How many numbers of `results` cases must compare, and the others counted by reason. */
export function resultCounts(results: unknown): {
  compared: number;
  notCompared: ReadonlyMap<string, number>;
} {
  let compared = 0;
  const notCompared = new Map<string, number>();
  for (const path of pathsOf(results, [])) {
    const reason = whyNotCompared(path);
    if (reason === undefined) compared++;
    else notCompared.set(reason, (notCompared.get(reason) ?? 0) + 1);
  }
  return { compared, notCompared };
}

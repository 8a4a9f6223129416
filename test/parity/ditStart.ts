import type { DitFixture } from "./ditFixture";

const UPDATED = "step1.param.";

/**
 * Whether what a fixture calls its starting parameters are those after the update: they equal the updated ones wherever those
 * are stored, although the manifest's reductions say that the tensors moved. (An update in place, stored afterwards.)
 */
export function startsAfterUpdate({ manifest, has, numbers }: DitFixture): boolean {
  const moved = Object.entries(manifest.checks[UPDATED] ?? {})
    .filter(([name, [, l2]]) => l2 > 0 && has(UPDATED + name))
    .map(([name]) => name);
  return (
    moved.length > 0 &&
    moved.every((name) => {
      const stride = manifest.parameters[name]?.stride ?? 1;
      const start = numbers(`param.${name}`);
      return numbers(UPDATED + name).every((value, i) => value === start[i * stride]);
    })
  );
}

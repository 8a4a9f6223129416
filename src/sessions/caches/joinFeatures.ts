import type { FeatureRows, SpaceFeatures } from "../../common/protocol/metrics";

/** Rows of one kind from chunks, in their order. */
function joined(chunks: readonly FeatureRows[]): FeatureRows {
  const count = chunks.reduce((sum, chunk) => sum + chunk.count, 0);
  const width = chunks[0]?.width ?? 0;
  const values = new Float32Array(count * width);
  let at = 0;
  for (const chunk of chunks) {
    values.set(chunk.values, at);
    at += chunk.values.length;
  }
  return { values, count, width };
}

/** One kind of features of all chunks; undefined when a chunk has none. */
function joinedIf(chunks: readonly (FeatureRows | undefined)[]): FeatureRows | undefined {
  const present = chunks.filter((chunk) => chunk !== undefined);
  return present.length > 0 ? joined(present) : undefined;
}

/** Features of all images, from those of chunks. */
export function joinFeatures(chunks: readonly SpaceFeatures[]): SpaceFeatures {
  const spatial = joinedIf(chunks.map((chunk) => chunk.spatial));
  const logits = joinedIf(chunks.map((chunk) => chunk.logits));
  return {
    pooled: joined(chunks.map(({ pooled }) => pooled)),
    ...(spatial && { spatial }),
    ...(logits && { logits }),
  };
}

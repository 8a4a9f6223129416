import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { AutoencoderCard, parseCard } from "../../engine/encoders/modelCard";
import { autoencoderKlShapes } from "../../engine/models/autoencoderKlInit";
import { AUTOENCODER_IDS, autoencoderRow } from "./autoencoders";

const countOf = (shapes: ReadonlyMap<string, readonly number[]>) =>
  [...shapes.values()].reduce(
    (sum, shape) => sum + shape.reduce((product, size) => product * size, 1),
    0,
  );

test("the built-in row is its card: configuration, checksum in the version, number of parameters", async () => {
  const bytes = new Uint8Array(await readFile("public/models/tiny-kl.json"));
  const { config, sha256, parameters } = parseCard(AutoencoderCard, "tiny-kl.json", bytes);
  const row = autoencoderRow("tiny-kl");
  const { latentChannels, scalingFactor } = row;
  expect({ kind: "kl", ...config }).toEqual({ ...row.architecture, latentChannels, scalingFactor });
  expect(row.version).toMatch(new RegExp(`-${sha256.slice(0, 8)}$`));
  expect(row.parameters).toBe(parameters);
});

test.each(AUTOENCODER_IDS)(
  "%s: spatial factor and parameters follow from its architecture",
  (id) => {
    const { architecture, latentChannels, scalingFactor, factor, parameters } = autoencoderRow(id);
    if (architecture.kind !== "kl") return;
    expect(factor).toBe(2 ** (architecture.blockOutChannels.length - 1));
    const config = { ...architecture, latentChannels, scalingFactor };
    expect(countOf(autoencoderKlShapes(config))).toBe(parameters);
  },
);

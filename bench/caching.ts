/**
 * How fast frozen networks turn images into cache rows on the CPU, and what a row takes: `npm run bench:caching`.
 * Weights of published networks are random here (the speed does not depend on them); storage is not part of it.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { autoencoderRow, type AutoencoderId } from "../src/common/catalogue/autoencoders";
import { encoderRow, type EncoderId } from "../src/common/catalogue/encoders";
import { autoencoderFacts } from "../src/engine/encoders/autoencoderFacts";
import { loadAutoencoder } from "../src/engine/encoders/loadAutoencoder";
import { loadEncoder } from "../src/engine/encoders/loadEncoder";
import type { ModelSources } from "../src/engine/encoders/modelSources";
import type { TensorSource } from "../src/common/formats/tensorSource";
import { randomNormal } from "../src/common/math/rng";
import { autoencoderKlShapes } from "../src/engine/models/autoencoderKlInit";
import { taesdShapes } from "../src/engine/models/taesd";
import { initialVitValues, vitShapes } from "../src/engine/models/vitInit";
import { MODELS_DIR, readFrom, startWasm } from "../scripts/pretrain/runtime";

const HALF_BYTES = 2;
const GRID = 16;
const SEED = 0;

type Shapes = ReadonlyMap<string, readonly number[]>;

/** A file of weights that exists only as shapes; values are drawn when they are read. */
const randomSource = (shapes: Shapes): TensorSource => ({
  name: "random weights",
  tensors: new Map([...shapes].map(([name, shape]) => [name, { dtype: "F32", shape }])),
  read: (name) => {
    const shape = shapes.get(name) ?? [];
    return Promise.resolve({ dtype: "F32", shape, data: initialVitValues(SEED, name, shape) });
  },
});

const sourcesOf = (shapes: Shapes): ModelSources => ({
  readModelFile: readFrom(MODELS_DIR),
  openWeights: () => Promise.resolve(randomSource(shapes)),
});

function autoencoderShapes(id: AutoencoderId): Shapes {
  const { architecture, latentChannels, scalingFactor } = autoencoderRow(id);
  if (architecture.kind === "kl") {
    return autoencoderKlShapes({ ...architecture, latentChannels, scalingFactor });
  }
  return architecture.kind === "taesd"
    ? taesdShapes({ ...architecture, latentChannels })
    : new Map();
}

const imagesOf = (count: number, side: number): Tensor4D =>
  tf.clipByValue(
    tf.tensor4d(randomNormal({ seed: SEED, stream: "bench/images" }, count * side * side * 3), [
      count,
      side,
      side,
      3,
    ]),
    -1,
    1,
  );

/** Images a second over `rounds` passes after one to warm up. */
async function rateOf(images: Tensor4D, rounds: number, pass: (x: Tensor4D) => Tensor) {
  const once = async () => {
    const result = tf.tidy(() => pass(images));
    await result.data();
    result.dispose();
  };
  await once();
  const start = performance.now();
  for (let round = 0; round < rounds; round++) await once();
  return (images.shape[0] * rounds * 1000) / (performance.now() - start);
}

const print = (what: string, rate: number, rowLength: number) =>
  console.log(
    `${what.padEnd(40)} ${rate.toFixed(2).padStart(8)} images/s ${String(rowLength * HALF_BYTES).padStart(8)} bytes an image`,
  );

async function encoder(id: EncoderId, side: number, count: number, rounds: number) {
  const { vit, label, width } = encoderRow(id);
  const shapes: Shapes = vit ? vitShapes(vit) : new Map<string, number[]>();
  const { encode, dispose } = await loadEncoder(id, sourcesOf(shapes));
  const rate = await rateOf(imagesOf(count, side), rounds, (images) => encode(images, GRID));
  print(`${label}, ${GRID}x${GRID} tokens`, rate, GRID * GRID * width);
  dispose();
}

async function autoencoder(id: AutoencoderId, side: number, count: number, rounds: number) {
  const loaded = await loadAutoencoder(id, side, sourcesOf(autoencoderShapes(id)));
  const rate = await rateOf(imagesOf(count, side), rounds, (images) => {
    const { mean, std } = loaded.encodeMoments(images);
    return tf.concat([mean, std], 3);
  });
  const facts = autoencoderFacts(id, side);
  print(`${autoencoderRow(id).label}, ${side} px`, rate, 2 * facts.side ** 2 * facts.channels);
  loaded.dispose();
}

tf.enableProdMode();
console.log(await startWasm());
await autoencoder("tiny-kl", 64, 8, 4);
await encoder("tiny-vit", 64, 8, 4);
await autoencoder("taesd", 256, 2, 2);
await encoder("dinov2-s", 256, 2, 2);
await encoder("dinov2-b", 256, 1, 1);
await autoencoder("sd-vae-ft-mse", 256, 1, 1);

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import { sinCosPosEmbed2d } from "../../src/common/math/posEmbed";
import { projectTokens } from "../../src/engine/models/projector";
import { sitForward } from "../../src/engine/models/sit";
import { geluTanh, silu } from "../../src/engine/nn/activations";
import { embedLabel, embedTime, timeFeatures } from "../../src/engine/nn/embedders";
import { layerNormModulate } from "../../src/engine/nn/layerNorm";
import { tensor3d } from "../../src/engine/nn/params";
import { patchEmbed } from "../../src/engine/nn/patchEmbed";
import { alignedTokens } from "../../src/engine/training/trainStep";
import {
  compareStored,
  encoderName,
  float32,
  labelsOf,
  latentsOf,
  paramsOf,
  type SitFixture,
} from "./sitFixture";
import { storedCases } from "./sitStored";
import type { ParityCase } from "./types";

/** Everything a forward pass shows, under the manifest's names. */
function forward(fixture: SitFixture): Record<string, Tensor> {
  const { shape, manifest } = fixture;
  const params = paramsOf(fixture);
  const x = latentsOf(fixture, "x");
  const t = float32(fixture.numbers("t"));
  const y = labelsOf(fixture, "y");
  const { velocity, hidden } = sitForward(params, shape, x, t, y);
  const aligned = alignedTokens(hidden, manifest.config.encoder_depth);
  const timeEmbedding = embedTime(params, t);
  const labelEmbedding = embedLabel(params, y);
  const out: Record<string, Tensor> = {
    "out.x_embed": tf.add(patchEmbed(params, "x_embedder", x), tensor3d(params, "pos_embed")),
    "out.t_freq": timeFeatures(t, shape.frequencySize),
    "out.t_emb": timeEmbedding,
    "out.y_emb": labelEmbedding,
    "out.c": tf.add(timeEmbedding, labelEmbedding),
    "out.v": velocity,
  };
  hidden.forEach((tokens, i) => (out[`out.block.${i}`] = tokens));
  manifest.config.z_dims.forEach((_, i) => {
    out[encoderName(fixture, "out.zs_tilde", i)] = projectTokens(params, i, aligned);
  });
  return out;
}

/** adaLN's norm with neither shift nor scale. */
function plainNorm(x: Tensor): Tensor {
  const width = x.shape.at(-1) ?? 1;
  const none: Tensor2D = tf.zeros([1, width]);
  return tf.reshape(layerNormModulate(tf.reshape(x, [1, -1, width]), none, none), x.shape);
}

function unitOutputs(fixture: SitFixture): Record<string, Tensor> {
  const tensorOf = (name: string) =>
    tf.tensor(float32(fixture.numbers(name)), [...fixture.shapeOf(name)]);
  const out: Record<string, Tensor> = {};
  if (fixture.has("unit.act.in")) {
    const x = tensorOf("unit.act.in");
    Object.assign(out, { "unit.gelu.out": geluTanh(x), "unit.silu.out": silu(x) });
  }
  if (fixture.has("unit.ln.in")) out["unit.ln.out"] = plainNorm(tensorOf("unit.ln.in"));
  return out;
}

const positions = ({ shape }: SitFixture): Float32Array =>
  sinCosPosEmbed2d(shape.width, shape.inputSide / shape.patchSize);

/** Units, embedders, blocks, projectors and velocity: one case for each stored result. */
export function forwardCases(fixture: SitFixture): ParityCase[] {
  const listed = Object.keys(fixture.manifest.tensors);
  const units = listed.filter((name) => /^unit\..*\.out$/.test(name));
  const tables = listed.filter((name) => name === "pos_embed");
  const outputs = listed.filter((name) => name.startsWith("out."));
  return [
    ...storedCases(fixture, units, () => unitOutputs(fixture)),
    ...tables.map((name) => ({
      name,
      covers: [name],
      run: () => compareStored(fixture, name, positions(fixture)),
    })),
    ...storedCases(fixture, outputs, () => forward(fixture)),
  ];
}

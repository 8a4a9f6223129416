import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import type { VitArchitecture } from "../../src/common/catalogue/vitArchitecture";
import { loadVitParams } from "../../src/engine/encoders/vitWeights";
import { sinCosPosEmbed2d } from "../../src/common/math/posEmbed";
import {
  prefixTokens,
  resamplePositions,
  vitInput,
  vitTokens,
  vitTrunk,
} from "../../src/engine/models/vit";
import { tensor3d, type ParamMap } from "../../src/engine/nn/params";
import { once } from "./arrays";
import { Comparison } from "./comparison";
import {
  architectureOf,
  classLaw,
  EncoderFamily,
  EncoderManifest,
  find,
  imagesOf,
  namingsOf,
  numbersOf,
  resampleLaw,
  sourceOf,
  type Tensors,
} from "./encoderFixture";
import type { ParityCase, ParityResult } from "./types";

type Grid = readonly [rows: number, columns: number];

/** One way of naming a fixture's parameters, loaded. */
interface Naming {
  readonly manifest: EncoderManifest;
  readonly tensors: Tensors;
  readonly prefix: string;
  readonly config: VitArchitecture;
  readonly params: () => Promise<ParamMap>;
}

const gridOf = (tensors: Tensors, image: string, { patch }: VitArchitecture): Grid => {
  const [, , height = 0, width = 0] = find(tensors, image).shape;
  return [height / patch, width / patch];
};

/** The law of a group of outputs: REPA's, the official class's, or that of transformers. */
function lawOf(manifest: EncoderManifest, scope: string): { law: string; offset?: number } {
  if (scope.startsWith("class.")) return classLaw(manifest);
  return { law: scope.startsWith("hf.") ? "plain" : "antialias" };
}

async function placedParams(naming: Naming, scope: string, grid: Grid): Promise<ParamMap> {
  const { manifest, config } = naming;
  const params = await naming.params();
  if (grid.every((side) => side === config.grid)) return params;
  const { law, offset } = lawOf(manifest, scope);
  const native = await tensor3d(params, "pos_embed").data<"float32">();
  const options = resampleLaw(law, config.grid, grid, offset);
  const table = resamplePositions(native, config, grid, options);
  return {
    ...params,
    pos_embed: tf.tensor3d(table, [1, table.length / config.width, config.width]),
  };
}

/** CLIP's own output: the class token through its projection, which each naming keeps elsewhere. */
function projected({ tensors, prefix }: Naming, cls: Tensor2D): Tensor {
  const matrix = (name: string): Tensor2D => {
    const [rows = 0, columns = 0] = find(tensors, name).shape;
    return tf.tensor2d(Float32Array.from(numbersOf(tensors, name)), [rows, columns]);
  };
  if (tensors.has(`${prefix}proj`)) return tf.matMul(cls, matrix(`${prefix}proj`));
  const turned = ["visual_projection.weight", "head.weight"].find((name) =>
    tensors.has(`${prefix}${name}`),
  );
  return tf.matMul(cls, matrix(`${prefix}${turned ?? "proj"}`), false, true);
}

/** One output by its last name, from the images of its group. */
async function outputOf(naming: Naming, name: string): Promise<Tensor> {
  const { tensors, config } = naming;
  const scope = name.slice(0, name.lastIndexOf("."));
  const kind = name.slice(scope.length + 1);
  const image = tensors.has(`${scope}.image`) ? `${scope}.image` : "repa.image";
  const params = await placedParams(naming, scope, gridOf(tensors, image, config));
  return tf.tidy(() => {
    const images = imagesOf(tensors, image);
    const finalNorm = kind !== "patchtokens_prenorm";
    if (kind.includes("patchtokens")) return vitTokens(params, { ...config, finalNorm }, images);
    const input = vitInput(params, config, images);
    if (kind === "tokens_in") return input;
    const tokens = vitTrunk(params, config, input);
    const cls = (): Tensor2D => tf.squeeze(tf.slice(tokens, [0, 0, 0], [-1, 1, -1]), [1]);
    if (kind === "x_norm_clstoken") return cls();
    if (kind === "image_embedding") return projected(naming, cls());
    if (kind === "x_norm_regtokens") {
      const before = prefixTokens(config) - config.registers;
      return tf.slice(tokens, [0, before, 0], [-1, config.registers, -1]);
    }
    throw new Error(`this project computes nothing called "${kind}"`);
  });
}

function compare(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  { atol, rtol }: { readonly atol: number; readonly rtol: number },
): ParityResult {
  const comparison = new Comparison({ abs: atol, rel: rtol });
  comparison.values("", got, want);
  return comparison.result();
}

function outputCases(naming: Naming): ParityCase[] {
  const { manifest, tensors, prefix } = naming;
  const expected = Object.entries(manifest.tensors)
    .filter(([name, { role }]) => role === "output" || name === "repa.tokens_in")
    .map(([name]) => name);
  return expected.map((name) => ({
    name: `${name} (${prefix}*)`,
    covers: [name],
    run: async () => {
      const got = await (await outputOf(naming, name)).data<"float32">();
      return compare(got, numbersOf(tensors, name), manifest.tolerance.outputs);
    },
  }));
}

/** The fixed table of MAE and I-JEPA, or of MoCo v3, which has the row's half before the column's. */
function sinCosTable({ family }: EncoderManifest, { width, grid, clsToken }: VitArchitecture) {
  const patches = sinCosPosEmbed2d(width, grid);
  const table = new Float32Array((clsToken ? width : 0) + patches.length);
  const half = width / 2;
  for (let at = 0; at < patches.length; at += width) {
    const row = patches.subarray(at, at + width);
    const to = table.length - patches.length + at;
    const halves = [row.subarray(0, half), row.subarray(half)] as const;
    const [first, second] = family === "mocov3" ? [halves[1], halves[0]] : halves;
    table.set(first, to);
    table.set(second, to + half);
  }
  return table;
}

/** A position table of the fixture, made from the one its weights came with. */
async function tableOf(naming: Naming, name: string): Promise<ArrayLike<number>> {
  const { manifest, tensors, config } = naming;
  if (name === "sincos.native") return sinCosTable(manifest, config);
  const native = await tensor3d(await naming.params(), "pos_embed").data<"float32">();
  const variant = /^posemb\.(\w+)\.(\d+)x(\d+)$/.exec(name);
  if (variant) {
    const [, law = "", rows, columns] = variant;
    const grid = [Number(rows), Number(columns)] as const;
    return resamplePositions(native, config, grid, resampleLaw(law, config.grid, grid));
  }
  const scope = name.slice(0, name.lastIndexOf("."));
  const grid = gridOf(tensors, `${scope}.image`, config);
  const { law, offset } = lawOf(manifest, scope);
  return resamplePositions(native, config, grid, resampleLaw(law, config.grid, grid, offset));
}

const tableCases = (naming: Naming): ParityCase[] =>
  Object.entries(naming.manifest.tensors)
    .filter(([, { role }]) => role === "posemb")
    .map(([name]) => ({
      name,
      covers: [name],
      run: async () => {
        const got = await tableOf(naming, name);
        return compare(got, numbersOf(naming.tensors, name), naming.manifest.tolerance.posemb);
      },
    }));

/**
 * Parity cases of a frozen encoder's manifest on tfjs' current backend, under every naming its file has; none when
 * it is another family's. The architecture is the manifest's and the tensors', never the catalogue's.
 */
export function encoderCases(manifest: unknown, tensors: Tensors): ParityCase[] {
  if (!EncoderFamily.safeParse(manifest).success) return [];
  const parsed = EncoderManifest.parse(manifest);
  const config = architectureOf(parsed, tensors);
  const namings = namingsOf(tensors).map((prefix): Naming => {
    const params = once(() => loadVitParams(sourceOf(tensors, prefix), config));
    return { manifest: parsed, tensors, prefix, config, params };
  });
  const [first] = namings;
  return [...(first ? tableCases(first) : []), ...namings.flatMap(outputCases)];
}

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";

/** Tensors in records and lists, one within the other. What is undefined is absent. */
export type TensorTree =
  | Tensor
  | undefined
  | readonly TensorTree[]
  | { readonly [name: string]: TensorTree };

const isList = (tree: TensorTree): tree is readonly TensorTree[] => Array.isArray(tree);

/** The tensors of a tree with their paths ("layers.0.weight"), in a fixed order. */
export function leavesOf(tree: TensorTree, path = ""): (readonly [path: string, tensor: Tensor])[] {
  if (tree === undefined) return [];
  if (tree instanceof tf.Tensor) return [[path, tree]];
  const prefix = path === "" ? "" : `${path}.`;
  return Object.entries(tree).flatMap(([name, part]) => leavesOf(part, `${prefix}${name}`));
}

/** Takes the tensors it needs from the front of `tensors`. */
function rebuilt(tree: TensorTree, tensors: Tensor[]): TensorTree {
  if (tree === undefined) return undefined;
  if (tree instanceof tf.Tensor) return tensors.shift();
  if (isList(tree)) return tree.map((part) => rebuilt(part, tensors));
  return Object.fromEntries(
    Object.entries(tree).map(([name, part]) => [name, rebuilt(part, tensors)]),
  );
}

/** A tree of the same structure with other tensors, as many as it has leaves, in the order of `leavesOf`. */
export const withLeaves = <Tree extends TensorTree>(tree: Tree, tensors: readonly Tensor[]): Tree =>
  rebuilt(tree, [...tensors]) as Tree;

import type { TensorInfo } from "@tensorflow/tfjs-core";
import { programKey, wgslOf } from "../../src/engine/kernels/program";
import type { Recorded } from "../recordingDevice";
import type { Launch } from "./findRaces";

const sizeOf = ({ shape }: TensorInfo) => shape.reduce((size, side) => size * side, 1);

/** What the checker needs of a recorded dispatch. */
export function launchOf({ program, operands }: Recorded): Launch {
  const outputs = Object.entries(program.outputs).map(([name, type], i): [string, number] => {
    const tensor = operands.outputs[i];
    return [name, tensor ? sizeOf(tensor) / (type === "vec4f" ? 4 : 1) : 0];
  });
  const uniforms = Object.keys(program.uniforms).map((name, i) => [name, operands.uniforms[i]]);
  return {
    text: wgslOf(program),
    uniforms: Object.fromEntries(uniforms) as Record<string, number>,
    workgroups: operands.workgroups,
    elements: Object.fromEntries(outputs),
  };
}

/** Of equal dispatches, one: the same program, sizes and workgroups. */
export function distinct(dispatches: readonly Recorded[]): ReadonlyMap<string, Recorded> {
  const byName = dispatches.map((dispatch): [string, Recorded] => {
    const { uniforms, workgroups } = dispatch.operands;
    const name = `${programKey(dispatch.program)} (${uniforms.join(", ")}) on ${workgroups.join(" x ")}`;
    return [name, dispatch];
  });
  return new Map(byName);
}

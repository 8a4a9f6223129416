import { Linear, LinearGradW, LinearGradX } from "./linear";
import { registerWebGpuOperations, type AnyOperation } from "./operation";

/** Every operation that has a WGSL kernel. */
const OPERATIONS: readonly AnyOperation[] = [Linear, LinearGradX, LinearGradW];

/** Makes the fused kernels known to tfjs, under the name the studio's backend is registered by. */
export const registerFusedKernels = (): void => registerWebGpuOperations("webgpu", OPERATIONS);

import { beforeAll } from "vitest";
import { create, globals } from "webgpu";
import { extendWithTolerance } from "./toBeAllClose";

extendWithTolerance();

/** Dawn in Node: the same API as the browser's, on whatever Vulkan adapter the environment names. */
beforeAll(async () => {
  const gpu = create([]);
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, "navigator", {
    value: { gpu, userAgent: "node" },
    configurable: true,
  });
  const { useStudioDevice } = await import("./studioDevice");
  await useStudioDevice(gpu);
});

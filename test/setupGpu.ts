import { beforeAll } from "vitest";
import { useStudioDevice } from "./studioDevice";
import { extendWithTolerance } from "./toBeAllClose";

extendWithTolerance();

beforeAll(() => useStudioDevice((navigator as { gpu?: GPU }).gpu));

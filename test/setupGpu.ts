import { beforeAll } from "vitest";
import { browserGpu } from "../src/common/gpu/browserGpu";
import { useStudioDevice } from "./studioDevice";
import { extendWithTolerance } from "./toBeAllClose";

extendWithTolerance();

beforeAll(() => useStudioDevice(browserGpu()));

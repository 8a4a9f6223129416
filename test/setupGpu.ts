import { beforeAll } from "vitest";
import { browserGpu } from "../workers/browserGpu";
import { useStudioDevice } from "./studioDevice";
import { extendWithTolerance } from "./toBeAllClose";

extendWithTolerance();

beforeAll(() => useStudioDevice(browserGpu()));

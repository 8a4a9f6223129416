import { beforeAll } from "vitest";
import { browserGpu } from "../src/common/gpu/browserGpu";
import { keepStudioDevice } from "./studioDevice";
import { extendWithTolerance } from "./toBeAllClose";

extendWithTolerance();

beforeAll(() => keepStudioDevice(browserGpu()));

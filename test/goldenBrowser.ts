import { parseSafetensors, type SafetensorsTensor } from "../src/common/formats/safetensors";

/** Fixtures reach the browser as addresses the test server answers. */
const manifests = import.meta.glob<unknown>("./golden/*/*.json", { import: "default" });
const files = import.meta.glob<string>("./golden/*/*.safetensors", {
  query: "?url",
  import: "default",
});

/** test/golden/NAME.json with its tensors, for tests that run in the browser; NAME as "sit/sit-tiny". */
export async function loadGoldenInBrowser(
  name: string,
): Promise<{ manifest: unknown; tensors: ReadonlyMap<string, SafetensorsTensor> }> {
  const manifest = manifests[`./golden/${name}.json`];
  const file = files[`./golden/${name}.safetensors`];
  if (!manifest || !file) throw new Error(`No golden fixture called ${name}.`);
  const response = await fetch(await file());
  if (!response.ok) throw new Error(`${name}: the test server answered ${response.status}.`);
  const { tensors } = parseSafetensors(await response.arrayBuffer());
  return { manifest: await manifest(), tensors };
}

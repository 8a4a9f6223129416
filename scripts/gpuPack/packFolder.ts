import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { bundleScript } from "../bundle.mjs";

export interface PackOptions {
  /** The checkout, its packages installed. */
  readonly root: string;
  /** Made anew. */
  readonly folder: string;
  /** Without what a checkout holds. */
  readonly lean: boolean;
  /** The built page; absent: the pack has none, and its stage says so. */
  readonly site?: string;
}

/** Finds its own folder from wherever it is called, and refuses machines its binaries are not for. */
const LAUNCHER = `#!/bin/sh
case "$0" in
  */*) here=$(CDPATH= cd -- "\${0%/*}" && pwd) || exit 2 ;;
  *) here=$(pwd) ;;
esac
machine=$(uname -sm 2>/dev/null || echo "Linux x86_64")
if [ "$machine" != "Linux x86_64" ]; then
  echo "gpu-check: this pack is for Linux on x86-64, not for $machine." >&2
  exit 2
fi
exec "$here/node" "$here/gpu-check.mjs" "$@"
`;

const README = `REPA Studio, GPU check

  ./gpu-check --out DIR [--budget SECONDS]

tells whether the studio's WebGPU kernels are right on this machine, and how quick. It needs no network and no
installation but a Vulkan loader and driver. ./gpu-check --help lists the options, docs/gpu-runners.md of the project
says more. Licences of what is in here: licences/.
`;

/** Bytes of all files in a folder. */
export const folderBytes = (folder: string): number =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);

/** Copies a file or a folder, making the folders above it. */
function copy(from: string, to: string, keep: (path: string) => boolean = () => true): void {
  mkdirSync(dirname(to), { recursive: true });
  if (statSync(from).isDirectory()) cpSync(from, to, { recursive: true, filter: keep });
  else copyFileSync(from, to);
}

/** Parts of playwright-core that only its own windows and tools need. */
const PLAYWRIGHT_LEFT_OUT = ["vite", "tools", "types", "bin", "xdg-open", "webp_codec.wasm"];

function copyPackages(root: string, folder: string): void {
  const packages = join(root, "node_modules");
  for (const name of ["index.js", "package.json", "dist/linux-x64/dawn.node"]) {
    copy(join(packages, "webgpu", name), join(folder, "webgpu", name));
  }
  const wasm = join(packages, "@tensorflow", "tfjs-backend-wasm", "dist");
  for (const name of readdirSync(wasm).filter((file) => file.endsWith(".wasm"))) {
    copy(join(wasm, name), join(folder, "wasm", name));
  }
  for (const name of ["js", "worker.js"].map((ext) => `tfjs-backend-wasm-threaded-simd.${ext}`)) {
    copy(join(dirname(wasm), "wasm-out", name), join(folder, "wasm", name));
  }
  copy(
    join(packages, "playwright-core"),
    join(folder, "playwright-core"),
    (path) => !PLAYWRIGHT_LEFT_OUT.includes(basename(path)),
  );
}

/** Node's own licence lies beside its headers where it was installed from an archive. */
function copyLicences(root: string, folder: string): void {
  const packages = join(root, "node_modules");
  const licences: Readonly<Record<string, string>> = {
    "repa-studio.txt": join(root, "LICENSE"),
    "repa-studio-notice.txt": join(root, "NOTICE"),
    "dawn.txt": join(packages, "webgpu", "LICENSE.md"),
    "playwright.txt": join(packages, "playwright-core", "LICENSE"),
  };
  for (const [name, path] of Object.entries(licences)) copy(path, join(folder, "licences", name));
  writeFileSync(
    join(folder, "licences", "node.txt"),
    `The file "node" is Node.js ${process.version}, unchanged: https://github.com/nodejs/node/blob/${process.version}/LICENSE\n`,
  );
}

/** Everything of the pack but the archive. @throws Error when a part is not where it is expected */
export async function packFolder({ root, folder, lean, site }: PackOptions): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await bundleScript(join(root, "bench", "gpuCheck", "main.ts"), join(folder, "gpu-check.mjs"), {
    minify: true,
    external: ["playwright", "playwright-core"],
  });
  copy(process.execPath, join(folder, "node"));
  copy(join(root, "bench", "gpuCheck", "torchStep.py"), join(folder, "torchStep.py"));
  copyPackages(root, folder);
  copyLicences(root, folder);
  const publicNames = readdirSync(join(root, "public"));
  if (site !== undefined) {
    // what the build copied from public/ comes from there, so that a lean pack can do without
    for (const name of readdirSync(site).filter((file) => !publicNames.includes(file))) {
      copy(join(site, name), join(folder, "site", name));
    }
  }
  if (!lean) {
    copy(join(root, "public"), join(folder, "public"));
    copy(join(root, "test", "golden", "sit"), join(folder, "golden", "sit"));
  }
  writeFileSync(join(folder, "README.txt"), README);
  writeFileSync(join(folder, "gpu-check"), LAUNCHER);
  for (const name of ["gpu-check", "node"]) chmodSync(join(folder, name), 0o755);
}

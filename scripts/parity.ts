import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import { parityReport } from "../test/parity/report";

/** `npm run parity -- FOLDER…`: compares this project with folders of reference numbers, on the CPU backend. */
const folders = process.argv.slice(2);
if (folders.length === 0) {
  console.error("usage: npm run parity -- FOLDER…   (folders of NAME.json with NAME.safetensors)");
  process.exit(2);
}
tf.enableProdMode(); // else tfjs advertises its native package
if (!(await tf.setBackend("cpu"))) throw new Error("tfjs' CPU backend did not start.");
const { failed } = await parityReport(folders, (line) => console.log(line));
process.exitCode = failed ? 1 : 0;

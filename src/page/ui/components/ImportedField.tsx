import { importedDataset } from "../../store/datasetsSlice";
import { useStudio } from "../useStudio";
import classes from "./fields.module.css";

/** Which imported images are trained on; they are chosen in the Data view. */
export function ImportedField({ id }: { readonly id: string }) {
  const imported = useStudio(({ experiment }) => experiment.value.data.imported);
  const name = useStudio(
    ({ datasets, experiment }) => importedDataset(datasets.list, experiment.value.data)?.name,
  );
  const text = imported ? (name ?? imported.source) : "none";
  const title = imported
    ? `${imported.source}: ${imported.images} images at ${imported.resolution} px`
    : undefined;
  return (
    <div className={classes.imported}>
      <output id={id} title={title}>
        {text}
      </output>
      <a href="#/data" aria-label={imported ? "Change imported images" : "Choose imported images"}>
        {imported ? "Change…" : "Choose…"}
      </a>
    </div>
  );
}

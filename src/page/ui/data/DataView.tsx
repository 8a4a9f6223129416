import { useEffect, useState } from "react";
import type { EncoderId } from "../../../common/config/experiment";
import { useCommands } from "../commands";
import { Caches, Meter, Weights } from "../storage/StoredLists";
import { Heading } from "../components/Notes";
import { useStudio, useStudioStore } from "../useStudio";
import { AddImages } from "./AddImages";
import { PrefillCaches } from "./PrefillCaches";
import { DatasetList } from "./DatasetList";
import { EncoderMaps } from "./EncoderMaps";
import { ImageBrowser } from "./ImageBrowser";
import classes from "./data.module.css";

/** The Data view: data sets left, their images and what encoders see in them, what is stored right. */
export function DataView() {
  const { refreshStored, showImages } = useCommands();
  const store = useStudioStore();
  const trained = useStudio((state) => state.experiment.value.alignment.encoders);
  const [encoders, setEncoders] = useState<readonly EncoderId[]>(trained);
  const holdOutFraction = useStudio((state) => state.experiment.value.data.holdOutFraction);
  useEffect(() => refreshStored(), [refreshStored]);
  // which images are held out is part of what is shown
  useEffect(
    () => showImages({ ...store.getState().preview.query }),
    [store, showImages, holdOutFraction],
  );
  return (
    <div className={classes.view}>
      <aside className={classes.side} aria-label="Data sets">
        <DatasetList />
        <AddImages />
      </aside>
      <main className={classes.main}>
        <ImageBrowser />
        <EncoderMaps encoders={encoders} onEncoders={setEncoders} />
      </main>
      <aside className={classes.side} aria-label="Caches and weights">
        <Heading>Stored in this browser</Heading>
        <Meter />
        <PrefillCaches encoders={encoders} />
        <Caches />
        <Weights />
      </aside>
    </div>
  );
}

import { useEffect, useState } from "react";
import type { EncoderId } from "../../../common/config/experiment";
import { useCommands } from "../commands";
import { Caches, Meter, Weights } from "../storage/StoredLists";
import { Boundary } from "../components/Boundary";
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
        <Boundary what="Data sets">
          <DatasetList />
        </Boundary>
        <Boundary what="Add images">
          <AddImages />
        </Boundary>
      </aside>
      <main className={classes.main}>
        <Boundary what="Images">
          <ImageBrowser />
        </Boundary>
        <Boundary what="What encoders see">
          <EncoderMaps encoders={encoders} onEncoders={setEncoders} />
        </Boundary>
      </main>
      <aside className={classes.side} aria-label="Caches and weights">
        <Heading>Stored in this browser</Heading>
        <Boundary what="Storage used">
          <Meter />
        </Boundary>
        <Boundary what="Prefill caches">
          <PrefillCaches encoders={encoders} />
        </Boundary>
        <Boundary what="Caches">
          <Caches />
        </Boundary>
        <Boundary what="Weights">
          <Weights />
        </Boundary>
      </aside>
    </div>
  );
}

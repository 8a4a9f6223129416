import { archivesSource } from "../../sources/data/archivesSource";
import { filesSource } from "../../sources/data/filesSource";
import { directoryFiles, userFile } from "../../sources/data/folderFiles";
import type { ImageSource } from "../../sources/data/imageSource";
import { parquetSource } from "../../sources/data/parquetImages";
import { datasetOffer, hubDatasetLabel } from "../../sources/hub/datasetFiles";
import { remoteSource, type RemoteOptions } from "../../sources/hub/remoteBytes";
import type { ImportOptions, ImportSource } from "../../common/protocol/datasets";
import type { SessionEnvironment } from "../common/environment";

/** Source name, in an experiment, of images from the user's files. */
const folderLabel = (name: string) => `folder:${name.slice(0, 200)}`;

/**
 * Opens what images are imported from: lists it, without reading an image.
 * @param options `name`: what files without a folder are called
 * @throws StudioError PERMISSION_DENIED, DOWNLOAD_FAILED, BAD_ARCHIVE, BAD_PARQUET, BAD_DATASET
 */
export async function openSource(
  { hub }: Pick<SessionEnvironment, "hub">,
  source: ImportSource,
  { name, split }: Pick<ImportOptions, "name" | "split">,
  options: RemoteOptions,
): Promise<ImageSource> {
  switch (source.kind) {
    case "directory": {
      const { handle } = source;
      return filesSource(folderLabel(handle.name), await directoryFiles(handle), { split });
    }
    case "files": {
      const files = source.files.map(({ path, file }) => userFile(path, file));
      return filesSource(folderLabel(name), files, { split });
    }
    case "archives": {
      const { files } = source;
      const [only] = files.length === 1 ? files : [];
      return archivesSource(folderLabel(only?.name ?? name), files, { split });
    }
    case "hub": {
      const { dataset, files } = await datasetOffer(hub, source.dataset, options.signal);
      const parts = files.map((file) => remoteSource(hub, file, options));
      return parquetSource(hubDatasetLabel(dataset), parts);
    }
  }
}

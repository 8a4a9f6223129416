import { archivesSource } from "../data/archivesSource";
import { filesSource } from "../data/filesSource";
import { directoryFiles, userFile } from "../data/folderFiles";
import type { ImageSource } from "../data/imageSource";
import type { ImportSource } from "../protocol/datasets";

/** What an experiment calls images that came from the user's files. */
const folderLabel = (name: string) => `folder:${name.slice(0, 200)}`;

/**
 * Opens what images are imported from, but the hub.
 * @param name what files without a folder are called
 * @throws StudioError PERMISSION_DENIED, BAD_ARCHIVE, BAD_PARQUET, BAD_DATASET
 */
export async function openUserSource(
  source: Exclude<ImportSource, { kind: "hub" }>,
  name: string,
): Promise<ImageSource> {
  switch (source.kind) {
    case "directory": {
      const { handle } = source;
      return filesSource(folderLabel(handle.name), await directoryFiles(handle));
    }
    case "files": {
      const files = source.files.map(({ path, file }) => userFile(path, file));
      return filesSource(folderLabel(name), files);
    }
    case "archives": {
      const { files } = source;
      return archivesSource(
        folderLabel(files.length === 1 ? (files[0]?.name ?? name) : name),
        files,
      );
    }
  }
}

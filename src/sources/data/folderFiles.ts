import { StudioError } from "../../common/errors/studioError";
import { badImage } from "./imageCodec";
import { isHidden } from "./imageKinds";
import { isWanted, type FileListing, type SourceFile } from "./sourceFile";

/** Errors of reading a file of the user: permission was withdrawn, or the file is gone. */
function readFailure(path: string, cause: unknown): StudioError {
  if (cause instanceof DOMException && cause.name === "NotAllowedError") {
    return new StudioError(
      "PERMISSION_DENIED",
      `The browser no longer lets the studio read ${path}.`,
      "Choose the folder again, or allow reading it: the import goes on where it was.",
      { cause },
    );
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return badImage(`it could not be read (${message}): moved, changed or removed since`, cause);
}

/** A file the user picked or dropped, as one of a source. */
export const userFile = (path: string, file: Blob): SourceFile => ({
  path,
  bytes: file.size,
  read: async () => {
    try {
      return new Uint8Array(await file.arrayBuffer());
    } catch (cause) {
      throw readFailure(path, cause);
    }
  },
});

/**
 * Every file below a folder of the user's, in no order. Only names that may matter are opened: a file's size needs
 * the file.
 * @throws StudioError PERMISSION_DENIED when the folder may not be read
 */
export async function directoryFiles(handle: FileSystemDirectoryHandle): Promise<FileListing> {
  const files: SourceFile[] = [];
  const others: string[] = [];
  const list = async (folder: FileSystemDirectoryHandle, path: string): Promise<void> => {
    try {
      for await (const [name, entry] of folder.entries()) {
        const below = `${path}${name}`;
        if (entry.kind === "directory") {
          if (!name.startsWith(".")) await list(entry, `${below}/`);
        } else if (isWanted(below)) files.push(userFile(below, await entry.getFile()));
        else if (!isHidden(below)) others.push(below);
      }
    } catch (cause) {
      if (cause instanceof StudioError) throw cause;
      throw readFailure(path === "" ? handle.name : path, cause);
    }
  };
  await list(handle, "");
  return { files, leftOut: [], others };
}

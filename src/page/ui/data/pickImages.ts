import type { FolderFile, ImportSource } from "../../../common/protocol/datasets";

/** What the user picked or dropped, with a name to show. */
export interface PickedImages {
  readonly source: ImportSource;
  readonly name: string;
}

type DirectoryPicker = (options: {
  readonly id: string;
  readonly mode: "read";
}) => Promise<FileSystemDirectoryHandle>;

/** The browser's folder picker, where it has one; its handle can be remembered. */
export function directoryPicker(scope: object): DirectoryPicker | undefined {
  if (!("showDirectoryPicker" in scope) || typeof scope.showDirectoryPicker !== "function") {
    return undefined;
  }
  const pick = scope.showDirectoryPicker as DirectoryPicker;
  return (options) => pick.call(scope, options);
}

/** "cats/siamese/1.png" -> "siamese/1.png": paths inside the folder that was picked. */
const withoutRoot = (path: string): string => path.slice(path.indexOf("/") + 1);

/** The files of `<input webkitdirectory>`. */
export function pickedFolder(files: readonly File[]): PickedImages | null {
  const [first] = files;
  if (!first) return null;
  const name = first.webkitRelativePath.split("/")[0] ?? "Folder";
  const inside = files.map((file) => ({ path: withoutRoot(file.webkitRelativePath), file }));
  return { source: { kind: "files", files: inside }, name };
}

const withoutExtension = (name: string): string => name.replace(/\.[^.]+$/, "");

/** zip and parquet files. */
export function pickedArchives(files: readonly File[]): PickedImages | null {
  const [first] = files;
  return first ? { source: { kind: "archives", files }, name: withoutExtension(first.name) } : null;
}

type HandleItem = DataTransferItem & {
  readonly getAsFileSystemHandle?: () => Promise<FileSystemHandle | null>;
};

const isDirectory = (handle: FileSystemHandle | null): handle is FileSystemDirectoryHandle =>
  handle?.kind === "directory";

/**
 * What was dropped: one folder as a handle that can be remembered where the browser gives one, else its files; loose
 * files are a folder of one class if they are images, else archives. Null when nothing of it can be read.
 */
export async function droppedImages(transfer: DataTransfer): Promise<PickedImages | null> {
  // both lists are empty once the event is over: asked for before anything is awaited
  const items: HandleItem[] = [...transfer.items].filter(({ kind }) => kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry());
  const files = [...transfer.files];
  const handles = await Promise.all(
    items.map(async (item) => (await item.getAsFileSystemHandle?.()) ?? null),
  );
  const [handle] = handles;
  if (handles.length === 1 && handle && isDirectory(handle)) {
    return { source: { kind: "directory", handle }, name: handle.name };
  }
  const folders = entries.filter((entry) => entry?.isDirectory);
  const [folder] = folders;
  if (folder) {
    const nested = await Promise.all(folders.map((entry) => filesBelow(entry, "")));
    const files = nested.flat();
    // of one folder its own subfolders are the classes, of several the folders themselves
    const inside = folders.length > 1 ? files : files.map(insideRoot);
    return { source: { kind: "files", files: inside }, name: folder.name };
  }
  if (files.length > 0 && files.every(({ type }) => type.startsWith("image/"))) {
    const loose = files.map((file) => ({ path: file.name, file }));
    return { source: { kind: "files", files: loose }, name: "Dropped images" };
  }
  return pickedArchives(files);
}

const insideRoot = ({ path, file }: FolderFile): FolderFile => ({ path: withoutRoot(path), file });

const isFileEntry = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolderEntry = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry =>
  entry.isDirectory;

/** Every file of a dropped entry, with its path from the folder's own name on. */
async function filesBelow(entry: FileSystemEntry | null, parent: string): Promise<FolderFile[]> {
  if (!entry) return [];
  const path = parent === "" ? entry.name : `${parent}/${entry.name}`;
  if (isFileEntry(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    return [{ path, file }];
  }
  if (!isFolderEntry(entry)) return [];
  const reader = entry.createReader();
  const children: FileSystemEntry[] = [];
  for (;;) {
    // a reader hands out about a hundred entries at a time, and none at the end
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) break;
    children.push(...some);
  }
  const below: FolderFile[] = [];
  for (const child of children) below.push(...(await filesBelow(child, path)));
  return below;
}

/** Under which terms weights or images are given out. */
export interface Licence {
  /** As its owner names it, for example "Apache-2.0". */
  readonly name: string;
  /** True when it forbids commercial use; shown before the first byte is fetched. */
  readonly nonCommercial: boolean;
}

/** One file of a repository on the model hub. */
export interface HubFile {
  /** "owner/name". */
  readonly repo: string;
  /** Branch, tag or commit; the commit a download came from is stored with it. */
  readonly revision: string;
  /** Path in the repository. */
  readonly file: string;
  /** Size as far as it is known without asking the hub; the download says the true one. */
  readonly bytes: number;
  readonly licence: Licence;
  /** No repository of the hub is known to hold it: the Python that makes the file, which the user then chooses. */
  readonly byHand?: string;
}

/** Names a file of the hub in storage, in messages and in links. */
export const hubFileKey = ({
  repo,
  revision,
  file,
}: Pick<HubFile, "repo" | "revision" | "file">): string => `${repo}@${revision}/${file}`;

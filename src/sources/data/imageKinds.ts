/**
 * Names of files that hold an image, whether or not a browser shows it: what it is, its bytes say when it is read.
 * Kinds that no browser shows are among them, so that they are counted and named and do not vanish.
 */
const IMAGE_NAME =
  /\.(a?png|jpe?g|jpe|jfif|pjpe?g|pjp|webp|gif|bmp|dib|avifs?|hei[cf]s?|hif|tiff?|svgz?|ico|cur|jxl|jp2|j2k|jpx|p[pgbn]m|pfm|tga|psd|exr|hdr|dds|dng|cr[23]|nef|arw|orf|rw2|raf)$/i;

/** Hidden files and folders, and the copies of resource forks that macOS puts into archives. */
export const isHidden = (path: string): boolean =>
  path.split("/").some((part) => part.startsWith(".") || part === "__MACOSX");

/** Whether a file's name says that it is an image that is not hidden. */
export const isImagePath = (path: string): boolean => IMAGE_NAME.test(path) && !isHidden(path);

/** First bytes of kinds that are known and not read, as latin-1 text. */
const UNREAD: readonly (readonly [starts: readonly string[], kind: string])[] = [
  [["\0\0\x01\0", "\0\0\x02\0"], "an icon (ICO)"],
  [["\xff\x0a", "\0\0\0\x0cJXL "], "a JPEG XL image"],
  [["\0\0\0\x0cjP  ", "\xff\x4f\xff\x51"], "a JPEG 2000 image"],
  [["8BPS"], "a Photoshop document"],
  [["P1\n", "P2\n", "P3\n", "P4\n", "P5\n", "P6\n", "P7\n"], "a portable pixmap (PPM, PGM, PBM)"],
  [["P5 ", "P6 ", "Pf\n", "PF\n"], "a portable pixmap (PPM, PGM, PBM)"],
  [["v/1\x01"], "an OpenEXR image"],
  [["#?RADIANCE", "#?RGBE"], "a Radiance image"],
  [["DDS "], "a DirectDraw surface"],
  [["FUJIFILMCCD-RAW"], "a camera's raw image"],
];
/** An SVG may begin with comments. */
const LOOKED_AT = 2048;
const SVG = /^(\xef\xbb\xbf)?\s*(<\?xml[^]*|<!--[^]*|<!DOCTYPE[^]*)?<svg[\s>]/i;

/** What a file is that no browser's decoder is asked for, in words; undefined when it is none of the known kinds. */
export function unreadKind(bytes: Uint8Array): string | undefined {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, LOOKED_AT));
  if (SVG.test(head)) return "an SVG drawing";
  return UNREAD.find(([starts]) => starts.some((start) => head.startsWith(start)))?.[1];
}

/** Width and height of an AVIF or HEIC image, and which of the two it is. */
export interface IsoImage {
  readonly format: "AVIF" | "HEIC";
  readonly width: number;
  readonly height: number;
  /** A sequence of pictures. */
  readonly animated: boolean;
}

/** Boxes looked at in all: a file made to hold millions of them is not followed. */
const MAX_BOXES = 1000;
/** Where a box's parts begin: after its size and type, and four more bytes where it carries a version. */
const HEADER_BYTES = 8;
const FULL_HEADER_BYTES = 12;

const text = (view: DataView, at: number): string =>
  String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));

interface Box {
  readonly type: string;
  readonly begin: number;
  readonly end: number;
}

/** The boxes from `begin` to `end`; one that is cut or claims less than its own header ends the list. */
function boxesIn(view: DataView, begin: number, end: number): Box[] {
  const boxes: Box[] = [];
  for (let at = begin; at + HEADER_BYTES <= end && boxes.length < MAX_BOXES;) {
    const size = view.getUint32(at);
    if (size < HEADER_BYTES) break; // 0: to the end of the file; 1: larger than any image
    boxes.push({ type: text(view, at + 4), begin: at, end: Math.min(at + size, end) });
    at += size;
  }
  return boxes;
}

/** `ftyp`'s brands, the major one first. */
function brandsOf(view: DataView): string[] {
  const end = Math.min(view.getUint32(0), view.byteLength);
  const places = [HEADER_BYTES];
  for (let at = HEADER_BYTES + 8; at + 4 <= end && places.length < 64; at += 4) places.push(at);
  return places.map((at) => text(view, at));
}

/**
 * The size of a still image in an ISO base media file: the largest `ispe` of meta/iprp/ipco (the others are those of its
 * thumbnail and tiles).
 * @returns undefined when it is no such file, or is cut before it says its size
 * @throws RangeError when it is cut within a number
 * @source ISO/IEC 23008-12 (HEIF) 6.5.3; AOM, AV1 Image File Format 1.1
 */
export function isoImage(view: DataView): IsoImage | undefined {
  if (view.byteLength < FULL_HEADER_BYTES || text(view, 4) !== "ftyp") return undefined;
  const brands = brandsOf(view);
  const has = (...wanted: string[]) => brands.some((brand) => wanted.includes(brand));
  const isAvif = has("avif", "avis");
  if (!isAvif && !has("heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1")) {
    return undefined;
  }
  const inside = (boxes: readonly Box[], type: string, header: number): Box[] =>
    boxes
      .filter((box) => box.type === type)
      .flatMap(({ begin, end }) => boxesIn(view, begin + header, end));
  const meta = inside(boxesIn(view, 0, view.byteLength), "meta", FULL_HEADER_BYTES);
  const sizes = inside(inside(meta, "iprp", HEADER_BYTES), "ipco", HEADER_BYTES)
    .filter(({ type }) => type === "ispe")
    .map(({ begin }) => ({
      width: view.getUint32(begin + FULL_HEADER_BYTES),
      height: view.getUint32(begin + FULL_HEADER_BYTES + 4),
    }))
    .sort((a, b) => b.width * b.height - a.width * a.height);
  const [largest] = sizes;
  const animated = brands[0] === "avis" || brands[0] === "msf1";
  return largest && { format: isAvif ? "AVIF" : "HEIC", ...largest, animated };
}

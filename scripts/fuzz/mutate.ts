import { drawing } from "./seeded";

/** Numbers that break readers: ends of ranges, signs, zero. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x3f, 0x40, 0xfe] as const;

/**
 * An input with some of its bytes changed, cut, doubled, moved or filled with ends of ranges.
 * @param seed decides how; the same gives the same bytes
 */
export function mutated(bytes: Uint8Array, seed: number): Uint8Array {
  const draw = drawing(seed);
  let out = bytes.slice();
  const times = 1 + draw(6);
  for (let i = 0; i < times && out.length > 0; i++) {
    const at = draw(out.length);
    const length = Math.min(1 + draw(8), out.length - at);
    switch (draw(7)) {
      case 0:
        out[at] = draw(256);
        break;
      case 1:
        out[at] = (out[at] ?? 0) ^ (1 << draw(8));
        break;
      case 2:
        out.fill(EDGES[draw(EDGES.length)] ?? 0, at, at + length);
        break;
      case 3:
        out = out.slice(0, at);
        break;
      case 4:
        out = Uint8Array.from([...out.subarray(0, at), ...out.subarray(at + length)]);
        break;
      case 5:
        out = Uint8Array.from([...out.subarray(0, at + length), ...out.subarray(at)]);
        break;
      default:
        out.copyWithin(draw(out.length), at, at + length);
    }
  }
  return out;
}

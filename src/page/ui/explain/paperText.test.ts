import { expect, test } from "vitest";
import { paperFidText } from "./paperText";

test.each([
  [
    "sit",
    "Nano",
    "SiT-B/2 + REPA, FID (50,000 images) 78.2 at 50K, 49.5 at 100K, 33.2 at 200K, 24.4 at 400K",
  ],
  ["sit", "XL", "SiT-XL/2 + REPA, FID (50,000 images) 52.3 at 50K,"],
  ["dit", "Nano", "DiT-L/2 + REPA, FID (50,000 images) 15.6 at 400K steps"],
  ["dit", "XL", "DiT-XL/2 + REPA, FID (50,000 images) 12.3 at 400K, 9.6 at 850K steps"],
] as const)(
  "%s-%s stands beside the paper's aligned model of its family and size",
  (family, size, text) => {
    expect(paperFidText(family, size)).toContain(text);
  },
);

/** Whether a file is a zip archive, by its first bytes: names lie. */
export const isZip = (head: Uint8Array): boolean => head[0] === 0x50 && head[1] === 0x4b; // "PK"

/** SHA-256 of `bytes` as 64 hexadecimal digits. */
export async function sha256Hex(bytes: Uint8Array | ArrayBuffer): Promise<string> {
  // a view may look into shared memory, which digest refuses: copy views, pass whole buffers as they are
  const whole = bytes instanceof ArrayBuffer ? bytes : new Uint8Array(bytes);
  const digest = await crypto.subtle.digest("SHA-256", whole);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

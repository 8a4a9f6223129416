/**
 * Node 20 has no `navigator`, newer versions have one without what the studio asks for: `gpu` and `storage`.
 * Keeps what an earlier call put there.
 */
export function extendNavigator(fields: Readonly<Record<string, unknown>>): void {
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator")?.value as unknown;
  const kept = typeof before === "object" && before !== null ? { ...before } : {};
  Object.defineProperty(globalThis, "navigator", {
    value: { userAgent: "node", ...kept, ...fields },
    configurable: true,
  });
}

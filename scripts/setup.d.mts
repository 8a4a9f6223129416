interface Lock {
  readonly packages: Readonly<
    Record<string, { version?: string; optional?: boolean; link?: boolean }>
  >;
}
export const ROOT: string;
export function lockSatisfied(lock: Lock, installed: Lock): boolean;

export function networkAddresses(): string[];
export function ownCertificate(options?: {
  folder?: string;
  addresses?: readonly string[];
  nowMs?: number;
}): Promise<{ key: string; cert: string }>;

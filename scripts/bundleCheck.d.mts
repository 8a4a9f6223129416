export interface ManifestChunk {
  file: string;
  isEntry?: boolean;
  imports?: string[];
  dynamicImports?: string[];
  css?: string[];
}
export function initialFiles(manifest: Record<string, ManifestChunk>): string[];

/** Version of this code, set by vite.config.ts from package.json. */
declare const __CODE_VERSION__: string;

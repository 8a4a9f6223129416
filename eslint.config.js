import js from "@eslint/js";
import tseslint from "typescript-eslint";
import reactHooks from "eslint-plugin-react-hooks";

export default tseslint.config(
  {
    ignores: [
      "dist/**",
      "public/**",
      "test-results/**",
      "playwright-report/**",
      ".cache/**",
      "**/*.cjs",
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        project: ["./tsconfig.json", "./workers/tsconfig.json"],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/consistent-type-definitions": "off",
      "@typescript-eslint/prefer-nullish-coalescing": [
        "error",
        { ignorePrimitives: { boolean: true } },
      ],
      "@typescript-eslint/no-confusing-void-expression": [
        "error",
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
    },
  },
  { files: ["src/page/{ui,app}/**/*.{ts,tsx}"], ...reactHooks.configs.flat["recommended-latest"] },
  {
    // The worker half takes randomness and clocks as arguments, so a run is a function of its seed.
    files: ["src/{common/math,sources,engine,sessions}/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: {
      "no-restricted-properties": [
        "error",
        { object: "Math", property: "random", message: "Use math/rng with a seed and a stream." },
        { object: "Date", property: "now", message: "Take the clock as an argument." },
        { object: "performance", property: "now", message: "Take the clock as an argument." },
        {
          object: "tf",
          property: "randomNormal",
          message: "Use math/rng: randomness is counter-based.",
        },
        {
          object: "tf",
          property: "randomUniform",
          message: "Use math/rng: randomness is counter-based.",
        },
      ],
    },
  },
  {
    // The store is pure: events go in, state comes out. Workers, storage, the address and clocks belong to the bridge.
    files: ["src/page/{store,commands}/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: {
      "no-restricted-globals": [
        "error",
        ...["window", "document", "location", "history", "navigator", "performance", "crypto"],
        ...["localStorage", "sessionStorage", "indexedDB", "caches", "fetch", "Worker", "Date"],
        ...["setTimeout", "setInterval", "requestAnimationFrame", "queueMicrotask"],
      ],
      "no-restricted-properties": ["error", { object: "Math", property: "random" }],
      "no-restricted-syntax": [
        "error",
        {
          selector: "MemberExpression[object.name='URL'][property.name='createObjectURL']",
          message: "Whoever draws the bytes makes their address.",
        },
      ],
    },
  },
  {
    files: ["**/*.{js,mjs}"],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: {
      ...tseslint.configs.disableTypeChecked.languageOptions,
      globals: {
        process: "readonly",
        console: "readonly",
        URL: "readonly",
        setTimeout: "readonly",
        fetch: "readonly",
      },
    },
  },
);

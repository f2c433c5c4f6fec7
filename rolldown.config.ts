import { defineConfig } from "rolldown";

/** The library in a few files: most of what it costs to import many small ones is finding and opening them. */
export default defineConfig({
  input: {
    index: "packages/core/src/index.ts",
    "engine-kit": "packages/core/src/linalg/engine-kit.ts",
    testing: "packages/core/src/testing/index.ts",
  },
  platform: "neutral",
  output: {
    dir: "packages/core/dist/esm",
    cleanDir: true,
    // What entry points share stands in one file: an error is an instance of the same class whichever of them is imported.
    chunkFileNames: "shared/[name].js",
    minifyInternalExports: false,
    sourcemap: true,
    // The package brings `src` along.
    sourcemapExcludeSources: true,
  },
});

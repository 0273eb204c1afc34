// Builds flask_unt/static/unt.js from js/, or into the folder named as argument: the
// script, what it is when compressed, its source map and its readable source.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const folder = process.argv[2] ?? "flask_unt/static";
const shared = {
  entryPoints: ["js/unt.js"],
  bundle: true,
  format: "iife",
  target: "es2018",
  charset: "utf8",
  tsconfigRaw: {},
};

await build({
  ...shared,
  outfile: join(folder, "unt.js"),
  minify: true,
  sourcemap: "external",
});
await build({ ...shared, outfile: join(folder, "unt.src.js") });

const built = readFileSync(join(folder, "unt.js"));
const zipped = gzipSync(built, { level: 9 });
const brotli = brotliCompressSync(built, {
  params: { [constants.BROTLI_PARAM_SIZE_HINT]: built.length },
});

// The byte that names the system it was made on says "unknown".
zipped[9] = 255;
writeFileSync(join(folder, "unt.js.gz"), zipped);
writeFileSync(join(folder, "unt.js.br"), brotli);
console.log(
  `unt.js: ${built.length} bytes, gzip ${zipped.length}, brotli ${brotli.length}`,
);

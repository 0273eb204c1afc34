// Builds flask_unt/static/unt.js from js/, or into the folder named as argument: the
// script, what it is when compressed, its source map and its readable source.
// esbuild makes one file of the modules; terser then makes it small.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";

const folder = process.argv[2] ?? "flask_unt/static";
// Tells Chromium to compile every function at once, where it would parse most of them
// twice: a millisecond of the page's time for 27 bytes.
const hint = "//# allFunctionsCalledOnLoad";
const shared = {
  entryPoints: ["js/unt.js"],
  bundle: true,
  format: "iife",
  target: "es2018",
  charset: "utf8",
  tsconfigRaw: {},
};

await build({ ...shared, outfile: join(folder, "unt.src.js") });
const { outputFiles } = await build({
  ...shared,
  outfile: join(folder, "unt.js"),
  minifySyntax: true,
  sourcemap: "external",
  write: false,
});
const [map, bundled] = outputFiles;
const small = await minify(bundled.text, {
  compress: {
    keep_fargs: false,
    passes: 4,
    pure_getters: true,
    toplevel: true,
    unsafe_arrows: true,
  },
  ecma: 2018,
  format: { preamble: hint },
  mangle: { toplevel: true },
  sourceMap: { content: map.text, includeSources: true, filename: "unt.js" },
});
const zipped = gzipSync(small.code, { level: 9 });
const brotli = brotliCompressSync(small.code, {
  params: { [constants.BROTLI_PARAM_SIZE_HINT]: small.code.length },
});

// The byte that names the system it was made on says "unknown".
zipped[9] = 255;
writeFileSync(join(folder, "unt.js"), small.code);
writeFileSync(join(folder, "unt.js.map"), small.map);
writeFileSync(join(folder, "unt.js.gz"), zipped);
writeFileSync(join(folder, "unt.js.br"), brotli);
console.log(
  `unt.js: ${small.code.length} bytes, gzip ${zipped.length}, brotli ${brotli.length}`,
);

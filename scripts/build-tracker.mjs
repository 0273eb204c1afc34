// Builds flask_unt/static/unt.js from js/, or into the folder named as argument.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
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
const sizes = [
  built.length,
  gzipSync(built, { level: 9 }).length,
  brotliCompressSync(built).length,
];
console.log(`unt.js: ${sizes[0]} bytes, gzip ${sizes[1]}, brotli ${sizes[2]}`);

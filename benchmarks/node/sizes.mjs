// Sizes of trackers as a site would ship them, ours first: JSON on standard output.

import { readFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";

const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));

/** What importing the script, or the package, adds to a page. */
async function bundle(entry, minify) {
  const { outputFiles } = await build({
    stdin: { contents: `import * as all from "${entry}"; export { all }`, resolveDir: "." },
    bundle: true,
    format: "esm",
    target: "es2018",
    charset: "utf8",
    legalComments: "none",
    tsconfigRaw: {},
    minify,
    write: false,
    logLevel: "error",
  });
  return outputFiles[0].contents;
}

async function measure(name, entry) {
  const small = await bundle(entry, true);
  return {
    name,
    raw: (await bundle(entry, false)).length,
    minified: small.length,
    gzip: gzipSync(small, { level: 9 }).length,
    brotli: brotliCompressSync(small).length,
  };
}

const peers = Object.keys(dependencies).filter((name) => name !== "esbuild");
const served = readFileSync("../../flask_unt/static/unt.js");
const sizes = [
  await measure("unt.js", "../../js/unt.js"),
  {
    name: "unt.js as served",
    raw: readFileSync("../../flask_unt/static/unt.src.js").length,
    minified: served.length,
    gzip: gzipSync(served, { level: 9 }).length,
    brotli: brotliCompressSync(served).length,
  },
];
for (const name of peers) {
  sizes.push(await measure(`${name} ${dependencies[name]}`, name));
}
console.log(JSON.stringify(sizes));

/** The licences of the packages that esbuild put into bundles: dist/THIRD-PARTY-NOTICES.txt. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Licences that allow shipping the package within ours, with their text beside it. */
const allowed =
  /^(0BSD|MIT|ISC|BSD-2-Clause|BSD-3-Clause|Apache-2\.0|MPL-2\.0|BlueOak-1\.0\.0|Python-2\.0)$/;

/**
 * @param {import('esbuild').Metafile[]} metafiles
 * @returns {{ name: string, version: string, license: string, folder: string }[]} the packages bundled, by name
 * @throws Error for a licence that is not on the list
 */
export function bundledPackages(root, metafiles) {
  const folders = new Set();
  for (const { inputs } of metafiles)
    for (const file of Object.keys(inputs)) {
      const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file);
      if (found) folders.add(path.resolve(root, found[1]));
    }
  const packages = [...folders].map((folder) => {
    const { name, version, license } = JSON.parse(
      readFileSync(path.join(folder, 'package.json'), 'utf8'),
    );
    const any = String(license)
      .replace(/[()]/g, '')
      .split(' OR ')
      .some((one) => one.split(' AND ').every((part) => allowed.test(part)));
    if (!any)
      throw new Error(`${name} ${version} is bundled under '${license}', which is not allowed`);
    return { name, version, license, folder };
  });
  return packages.sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1));
}

/** Name, version, licence and its text, package after package. */
export function toNotices(packages) {
  const parts = packages.map(({ name, version, license, folder }) => {
    const texts = readdirSync(folder)
      .filter((file) => /^(licen[cs]e|notice|copying|thirdpartynotice)/i.test(file))
      .sort()
      .map((file) => readFileSync(path.join(folder, file), 'utf8').trim());
    const text = texts.length > 0 ? texts.join('\n\n') : `Licensed under ${license}.`;
    return `${name} ${version} (${license})\n\n${text}`;
  });
  const introduction =
    'Unroll contains the following packages. Each comes under the licence that stands with it.';
  return `${[introduction, ...parts].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

/** Licences of what is bundled. Nothing is written here. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** The licence of every package of which something is in the bundle. */
export async function licences(root, inputs) {
  const packages = new Set();
  for (const input of inputs) {
    const found = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input);
    if (found) packages.add(found[0]);
  }
  const parts = [];
  for (const folder of [...packages].sort()) {
    const { name, version, license } = JSON.parse(await readFile(path.join(root, folder, 'package.json'), 'utf8'));
    const files = (await readdir(path.join(root, folder))).filter((file) =>
      /^(licen[cs]e|notice|copying|copyrightnotice)/i.test(file),
    );
    if (files.length === 0) throw new Error(`${name} carries no licence file`);
    const texts = await Promise.all(files.sort().map((file) => readFile(path.join(root, folder, file), 'utf8')));
    parts.push(`${name} ${version} (${license})\n\n${texts.map((text) => text.trim()).join('\n\n')}\n`);
  }
  return parts;
}

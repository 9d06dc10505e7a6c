/**
 * Builds the playground, one HTML file, into .build/playground.html and says where it is: `npm run playground`.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundlePage, PAGES } from './build-page.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const file = path.join(ROOT, '.build', 'playground.html');
const { html } = await bundlePage(ROOT, PAGES.playground);
await mkdir(path.dirname(file), { recursive: true });
await writeFile(file, html);
process.stdout.write(`The playground is ${file}\nOpen it in a browser: ${pathToFileURL(file).href}\n`);

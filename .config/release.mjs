/**
 * What a release consists of, in .build/release/: the package, the executable for this system, what is in them (SBOM,
 * CycloneDX), and the hashes of all. Run from the root after a build; the same sources give the same bytes.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const folder = path.join('.build', 'release');
const npm = (...args) => execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
const { name, version } = JSON.parse(readFileSync('package.json', 'utf8'));

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
npm('pack', '--ignore-scripts', '--silent', '--pack-destination', folder);
npm('run', '--silent', 'executable');

const sbom = JSON.parse(npm('sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev', '--package-lock-only'));
// When, where and by which npm it was made says nothing about what is inside, and would differ each time.
delete sbom.serialNumber;
delete sbom.metadata.timestamp;
delete sbom.metadata.tools;
sbom.metadata.component.name = name;
writeFileSync(path.join(folder, `${name}-${version}.cdx.json`), `${JSON.stringify(sbom, undefined, 1)}\n`);

const hash = (file) =>
  createHash('sha512')
    .update(readFileSync(path.join(folder, file)))
    .digest('hex');
const sums = readdirSync(folder)
  .sort()
  .map((file) => `${hash(file)}  ${file}\n`)
  .join('');
writeFileSync(path.join(folder, 'SHA512SUMS'), sums);
process.stdout.write(sums);

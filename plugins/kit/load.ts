/**
 * Loads the plugins that were named, and no other: nothing is searched for, nothing is loaded by itself. Checks in this
 * order: resolve, import, marker, API version, names, flags. What a plugin may contain is decided in registry.ts.
 */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { isSecurechatError, SecurechatError } from '../../core/errors.js';
import { inTime, wordsOf } from './make.js';
import type { Registry } from './registry.js';

export interface LoadedPlugin {
  readonly name: string;
  /** As its package.json says, empty when there is none. */
  readonly version: string;
  /** The file that was imported. */
  readonly file: string;
}

export interface Places {
  /** Where paths begin, and where node_modules is looked into first. */
  readonly cwd: string;
  /** A file of the program: then the node_modules above it, as Node does. */
  readonly program: string;
}

/** The name of an npm package, with its scope or without. */
const PACKAGE = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;
const PACKAGE_LIMIT = 214;
/** The conditions under which Node imports a package. */
const CONDITIONS = new Set(['import', 'node', 'module-sync', 'default']);

/** Loads and registers what `spec` names. Throws SecurechatError SC-504 (`plugin`: the spec, `why`). */
export async function loadPlugin(spec: string, registry: Registry, places: Places): Promise<LoadedPlugin> {
  const refuse = (why: string) => new SecurechatError('SC-504', { plugin: spec, why });
  let found: Found;
  try {
    found = isPath(spec) ? atPath(path.resolve(places.cwd, spec)) : inModules(spec, places);
  } catch (error) {
    throw refuse(wordsOf(error));
  }
  let plugin: unknown;
  try {
    const module = await inTime(() => import(pathToFileURL(found.file).href) as Promise<object>);
    plugin = 'default' in module ? module.default : undefined;
  } catch (error) {
    throw refuse(`it could not be imported: ${wordsOf(error)}`);
  }
  try {
    const name = registry.register(plugin, spec);
    return { ...found, name };
  } catch (error) {
    if (isSecurechatError(error)) throw error;
    throw refuse(`it threw while it was looked at: ${wordsOf(error)}`);
  }
}

interface Found {
  readonly file: string;
  readonly version: string;
}

function isPath(spec: string): boolean {
  return path.isAbsolute(spec) || /^\.{1,2}(?:[\\/]|$)/.test(spec);
}

function atPath(target: string): Found {
  if (isFolder(target)) return inFolder(target);
  if (!isFile(target)) throw new Error('there is no such file');
  // A lone file: a package.json further up is probably not its own.
  return { file: target, version: versionOf(manifest(path.dirname(target))) };
}

function inModules(name: string, { cwd, program }: Places): Found {
  if (name.length > PACKAGE_LIMIT || !PACKAGE.test(name))
    throw new Error('it is neither the name of an npm package nor a path that begins with ./');
  const folders = [cwd, ...parents(path.dirname(program))].map((folder) => path.join(folder, 'node_modules', name));
  const folder = folders.find(isFolder);
  if (folder === undefined) throw new Error('it is not installed in node_modules; a path begins with ./');
  return inFolder(folder);
}

function parents(folder: string): string[] {
  const above = path.dirname(folder);
  return above === folder ? [folder] : [folder, ...parents(above)];
}

/** A package: its `exports`, else its `main`, else index.js. */
function inFolder(folder: string): Found {
  const about = manifest(folder);
  const { exports: exported, main } = about;
  const entry = exported === undefined ? (main ?? 'index.js') : target(dot(exported));
  if (typeof entry !== 'string') throw new Error('its package.json exports nothing to import');
  const file = path.resolve(folder, entry);
  if (!file.startsWith(folder + path.sep)) throw new Error('its package.json names a file outside the package');
  if (!isFile(file)) throw new Error(`its file ${entry} is missing; was it built?`);
  return { file, version: versionOf(about) };
}

/** What `exports` says about the package itself: all of it, or the part under ".". */
function dot(exported: unknown): unknown {
  return isObject(exported) && Object.keys(exported).some((key) => key.startsWith('.')) ? exported['.'] : exported;
}

/** The file that Node would import, by the first condition that holds. */
function target(exported: unknown): unknown {
  if (Array.isArray(exported)) return exported.map(target).find((each) => each !== undefined);
  if (!isObject(exported)) return exported;
  for (const [condition, value] of Object.entries(exported)) {
    const chosen = CONDITIONS.has(condition) ? target(value) : undefined;
    if (chosen !== undefined) return chosen;
  }
  return undefined;
}

function manifest(folder: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path.join(folder, 'package.json'), 'utf8');
  } catch {
    return {};
  }
  const about: unknown = JSON.parse(text);
  return isObject(about) ? about : {};
}

function versionOf({ version }: Record<string, unknown>): string {
  return typeof version === 'string' ? version : '';
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

/**
 * What this process may not look at is not there for it. Node 20 may deny a folder whose content it allows (it takes the
 * longest common beginning of all that is allowed for what it is asked about): such a folder is known by its content.
 */
function isFolder(folder: string): boolean {
  const known = allowed(() => statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true);
  return known ?? ['package.json', 'index.js'].some((name) => allowed(() => isFile(path.join(folder, name))) === true);
}

/** Undefined when this process may not look. */
function allowed(look: () => boolean): boolean | undefined {
  try {
    return look();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_ACCESS_DENIED') return undefined;
    throw error;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * What a standard descriptor is. For a disk or a folder Node puts an input that is empty, and an output that takes everything
 * and writes nothing: those have to be opened otherwise. Nothing may be read or written here.
 */
import { fstatSync } from 'node:fs';

/** `strange`: Node would not read or write it. */
export function kindOf(fd: number): 'pipe' | 'usual' | 'strange' {
  try {
    const found = fstatSync(fd);
    if (found.isFIFO() || found.isSocket()) return 'pipe';
    return found.isFile() || found.isCharacterDevice() ? 'usual' : 'strange';
  } catch {
    return 'usual';
  }
}

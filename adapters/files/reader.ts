/**
 * The files of a transfer of this side, as they are read: each must be what it was when it was offered. What a stream looks
 * like may not be in this file.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { SecurechatError } from '../../core/errors.js';
import { unfilled } from '../system/bytes.js';
import { type Content, createPacker, type Packable, type Packer } from './packer.js';
import { type Listed, shown, whyOf } from './tree.js';

/** A named pipe or a link that has taken the place of the file is not waited for, and not followed. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Its pieces throw SecurechatError SC-346 and SC-350. */
export function createReader(entries: readonly Listed[]): Packer {
  return createPacker({
    sources: entries.map(sourceOf),
    sha256: () => createHash('sha256'),
    failure: asFailure,
    buffer: unfilled,
  });
}

interface Source extends Packable {
  readonly listed: Listed;
}

function sourceOf(listed: Listed): Source {
  return { entry: listed, name: shown(listed.at), listed, open: () => openFile(listed) };
}

async function openFile(listed: Listed): Promise<Content> {
  const handle = await open(listed.at, FLAGS);
  const content: Content = {
    read: async (into) => (await handle.read(into, 0, into.length, null)).bytesRead,
    close: () => handle.close(),
  };
  try {
    const stats = await handle.stat({ bigint: true });
    const same = stats.ino === listed.number && stats.size === BigInt(listed.size);
    if (!stats.isFile() || !same) throw new SecurechatError('SC-346', { name: shown(listed.at) });
    return content;
  } catch (error) {
    await content.close();
    throw error;
  }
}

/** A file that is gone, or has become a link, has changed. */
function asFailure(error: unknown, { name }: Source): unknown {
  if (error instanceof SecurechatError) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const gone = code === 'ENOENT' || code === 'ELOOP' || code === 'ENXIO' || code === 'ENOTDIR';
  return gone ? new SecurechatError('SC-346', { name }) : new SecurechatError('SC-350', { name, why: whyOf(error) });
}

/**
 * The files of this machine: what is offered of them, and whether there is room for what comes. In which order things are
 * done is jobs.ts, what a folder or a stream looks like in the files beside it; no rule of the protocol may be in this one.
 */
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { SecurechatError } from '../../core/errors.js';
import type { BulkPort } from '../../core/bulk-port.js';
import { createJobs, type Jobs } from './jobs.js';
import { storable } from './names.js';
import { createReader } from './reader.js';
import { listTree, whyOf } from './tree.js';
import { createWriter, freeIn, isOwn, type Writer } from './writer.js';

export interface FilesOptions {
  /** Where paths of a person begin; undefined: nothing is sent. */
  readonly source: string | undefined;
  /** Where what comes is written; undefined: nothing is taken. */
  readonly destination: string | undefined;
}

export function createFiles({ source, destination }: FilesOptions): BulkPort {
  /** Not looked at where nothing is taken. */
  const folder = destination ?? '';
  const jobs: Jobs = createJobs<Writer>(destination !== undefined, {
    async prepare(job, paths) {
      if (source === undefined) throw new SecurechatError('SC-340');
      const named = paths.map((each) => path.resolve(source, Buffer.from(each).toString('utf8')));
      const { entries, bytes, left, renamed } = await listTree(named, () => !job.over);
      const [first] = entries;
      if (job.over || first === undefined) return;
      if (left.count > 0) jobs.emit({ type: 'notice', code: 'SC-352', detail: left });
      if (renamed.count > 0) jobs.emit({ type: 'notice', code: 'SC-359', detail: renamed });
      job.packer = createReader(entries);
      const offer = { kind: 'files', count: entries.length, bytes, name: first.path } as const;
      jobs.emit({ type: 'ready', id: job.id, offer });
    },

    async examine({ id }, offer) {
      const exists = await isThere(path.join(folder, storable(offer.name)));
      jobs.emit({ type: 'examined', id, free: await freeIn(folder), exists });
    },

    async take(job, offer, collision) {
      const name = storable(offer.name);
      const free = await freeIn(folder);
      if (free !== undefined && offer.bytes !== undefined && offer.bytes > free) {
        throw new SecurechatError('SC-351', { name, why: whyOf(Object.assign(new Error(), { code: 'ENOSPC' })) });
      }
      if (collision === 'skip' && offer.count === 1 && (await isThere(path.join(folder, name)))) {
        const detail = { name, why: whyOf(Object.assign(new Error(), { code: 'EEXIST' })) };
        return jobs.emit({ type: 'failed', id: job.id, reason: 'refused', code: 'SC-351', detail });
      }
      const alone = await isOwn(folder).catch((error: unknown) => {
        throw new SecurechatError('SC-351', { name, why: whyOf(error) });
      });
      job.receiver = createWriter(folder, offer, collision, alone);
      jobs.emit({ type: 'accept', id: job.id });
    },

    written(_job, { left, renamed }) {
      if (left.count > 0) jobs.emit({ type: 'notice', code: 'SC-335', detail: { ...left } });
      if (renamed.count > 0) jobs.emit({ type: 'notice', code: 'SC-336', detail: { ...renamed } });
    },
  });
  return jobs;
}

async function isThere(at: string): Promise<boolean> {
  try {
    await lstat(at);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ENOENT');
  }
}

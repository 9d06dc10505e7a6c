/**
 * The json UI: one JSON object a line in both directions, for scripts and bots. It never asks, never waits for a
 * terminal, and changes no text: the peer's words are escaped, not neutralised. The rules:
 *  - stdout has events only, each `{"v":1,"event":…}`; within version 1 events and fields are only ever added:
 *    `state{state,broken}` `code{code,invite}` `code-wanted{same}` `safety-words{words,required}` `comparing{late}`
 *    `message{id,from,text,at}` `held{id}` `sent{id}` `delivered{id}` `failed{id}` `peer{name}` `peer-confirmed{}` `notice{code,text}` `ended{reason,exit,code}`
 *    `offer{id,incoming,names,count,bytes?,free?,exists}` `progress{id,bytes,total?}` `file-done{id,bytes,sum}`
 *    `file-failed{id,code,text}` `path{path,why?,address?}`.
 *    `at` is Unix time in milliseconds. `message` is the peer's only; `from` is `peer` or the name it gave. Own messages
 *    have the ids 0, 1, 2, … in the order of the `send` commands that were accepted.
 *  - stdin has commands: `{"do":"send","text":"…"}` `{"do":"confirm","match":true}` `{"do":"compare-again"}`
 *    `{"do":"code","code":"…"}` `{"do":"offer","paths":[…]}` `{"do":"accept","id":1}` `{"do":"reject","id":1}`
 *    `{"do":"cancel","id":1}` `{"do":"quit"}` `{"do":"wipe"}`. A blank line is nothing; anything else is malformed and told in
 *    a `notice`.
 *  - stderr is not used, except for the end when stdout is gone.
 * No sentence and no neutralising may be in this file.
 */

import type { UiEvent, UiPort, UiView } from '../../../core/ports.js';
import { ascii } from '../../../core/protocol/bytes.js';
import type { FlagValues, UiContext } from '../../../plugins/kit/define.js';
import { utf8 } from '../../text/utf8.js';
import { UI_WORDS } from '../../words/line.js';
import { createLineReader } from '../../../plugins/kit/lines.js';
import { COMMAND_LIMIT, readCommand } from './ndjson.js';
import { writeEvent } from './ndjson-event.js';
import { createOutlet } from '../../../plugins/kit/outlet.js';

const PEER = ascii(UI_WORDS.peer);

export function createJsonUi(_options: FlagValues, context: UiContext): UiPort {
  let sink: (event: UiEvent) => void = () => undefined;
  let closing: Promise<void> | undefined;
  let welcome = true;
  let confirming = false;
  let gone = false;

  function tell(event: UiEvent): void {
    if (closing === undefined) sink(event);
    else if (event.type === 'send') event.text.fill(0);
    else if (event.type === 'code') event.code.fill(0);
  }

  const outlet = createOutlet(context.output, context.clock, (why) => {
    gone = true;
    tell({ type: 'gone', why });
  });
  const errors = createOutlet(context.errors, context.clock, () => undefined);
  const reader = createLineReader(context.input, COMMAND_LIMIT, {
    line(line) {
      // While the words are compared reading goes on: the answer may stand behind text that waits for it.
      if (!welcome && !confirming) return false;
      if (!isBlank(line)) tell(eventOf(line));
      return true;
    },
    tooLong: () => tell({ type: 'malformed', why: UI_WORDS.malformed.tooLong(COMMAND_LIMIT) }),
    end: () => tell({ type: 'end-of-input' }),
  });

  function show(view: UiView): void {
    if (closing !== undefined) return;
    if (view.type === 'input') welcome = view.welcome;
    if (view.type === 'state') confirming = view.state === 'confirming';
    if (gone && view.type === 'ended') errors.write(utf8(`${UI_WORDS.program}: ${view.text} (${view.code})\n`));
    const bytes = eventBytes(view);
    if (bytes !== undefined) outlet.write(bytes, view.type === 'message' ? shown(view.id) : undefined);
    reader.again();
  }

  /** A reader that rests has not got it. */
  const shown = (id: number) => (): void => tell({ type: 'shown', id });

  async function flush(): Promise<void> {
    await Promise.all([outlet.flush(), errors.flush()]);
  }

  return {
    open(to) {
      sink = to;
      reader.open();
    },
    show,
    close() {
      reader.close();
      closing ??= flush();
      return closing;
    },
  };
}

function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09);
}

function eventOf(line: Uint8Array): UiEvent {
  const command = readCommand(line);
  switch (command.do) {
    case 'send':
      return { type: 'send', text: command.text };
    case 'code':
      return { type: 'code', code: command.code };
    case 'confirm':
      return { type: 'confirm', match: command.match };
    case 'offer':
      return { type: 'offer', paths: command.paths };
    case 'accept':
    case 'reject':
    case 'cancel':
      return { type: command.do, id: command.id };
    case 'compare-again':
    case 'quit':
    case 'wipe':
      return { type: command.do };
    case 'malformed':
      return { type: 'malformed', why: command.why };
  }
}

function eventBytes(view: UiView): Uint8Array | undefined {
  switch (view.type) {
    case 'state':
      return writeEvent('state', { state: view.state, ...(view.broken === undefined ? {} : { broken: view.broken }) });
    case 'code':
      return writeEvent('code', { code: view.code, invite: view.invite });
    case 'code-wanted':
      return writeEvent('code-wanted', { same: view.same });
    case 'safety-words':
      return writeEvent('safety-words', { words: view.words, required: view.required });
    case 'comparing':
      return writeEvent('comparing', { late: view.late });
    case 'message': {
      const from = view.from.length === 0 ? PEER : view.from;
      return writeEvent('message', { id: view.id, from, text: view.text, at: view.at });
    }
    case 'status':
      return writeEvent(view.status, { id: view.id });
    case 'peer':
      return writeEvent('peer', { name: view.name });
    case 'peer-confirmed':
      return writeEvent('peer-confirmed', {});
    case 'offer': {
      const known = view.bytes === undefined ? {} : { bytes: view.bytes };
      const free = view.free === undefined ? {} : { free: view.free };
      const { id, incoming, name, count, exists } = view;
      return writeEvent('offer', { id, incoming, names: [name], count, ...known, ...free, exists });
    }
    case 'progress': {
      const total = view.total === undefined ? {} : { total: view.total };
      return writeEvent('progress', { id: view.id, bytes: view.bytes, ...total });
    }
    case 'file-done':
      return writeEvent('file-done', { id: view.id, bytes: view.bytes, sum: view.sum });
    case 'file-failed':
      return writeEvent('file-failed', { id: view.id, code: view.code, text: view.text });
    case 'path':
      if (view.path === 'local network') return writeEvent('path', { path: view.path });
      return writeEvent(
        'path',
        view.path === 'direct' ? { path: view.path, address: view.address } : { path: view.path, why: view.why },
      );
    case 'notice':
      return writeEvent('notice', { code: view.code, text: view.text });
    case 'ended':
      return writeEvent('ended', { reason: view.text, exit: view.exit, code: view.code });
    case 'own':
    case 'relay':
    case 'round-trip':
    case 'input':
      return undefined;
  }
}

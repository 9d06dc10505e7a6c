/**
 * What a task puts around the session: its UI, who has the files or the pipe, and the exit status in the end. No rule of the
 * protocol may be in this file.
 */
import { CODES, type Code, EXIT, type ExitStatus } from '../../core/errors.js';
import type { BulkPort } from '../../core/bulk-port.js';
import type { ClockPort, UiEvent, UiPort, UiView } from '../../core/ports.js';
import type { UiContext } from '../../plugins/kit/define.js';
import { realName } from '../system/folder.js';
import { explain } from '../text/describe.js';
import { CLI_WORDS } from '../words/cli.js';
import type { Task } from './task.js';

export interface Equipment {
  readonly ui: UiPort;
  readonly bulk: BulkPort | undefined;
  /** The exit status of a session that ended with `status`. */
  exit(status: ExitStatus): ExitStatus;
}

interface Given {
  readonly task: Task;
  /** The peer is told elsewhere what to type, with the address of the relay. */
  readonly hosted: boolean;
  /** What was chosen on the command line. */
  readonly ui: UiPort;
  readonly json: boolean;
  readonly context: Pick<UiContext, 'input' | 'output' | 'errors' | 'sanitize'> & { readonly clock: ClockPort };
  /** What is a terminal shows more than ASCII. */
  readonly unicode: boolean;
  readonly cwd: string;
}

export async function equip({ task, hosted, ui, json, context, unicode, cwd }: Given): Promise<Equipment> {
  if (task.kind === 'chat') {
    if (task.files === undefined) return { ui, bulk: undefined, exit: (status) => status };
    const folder = await real(task.files, cwd);
    return { ui, bulk: (await files()).createFiles({ source: folder, destination: folder }), exit: (status) => status };
  }
  const { createTransferUi } = await import('../ui/transfer/transfer.js');
  const asks = asksWords(task, context.errors);
  const own = createTransferUi(context, {
    asks,
    yes: task.kind === 'receive' && task.yes,
    unicode,
    peerTypes: hosted ? undefined : CLI_WORDS.peerTypesOnly(CLI_WORDS.peerCommand[task.kind]),
  });
  if (task.kind === 'pipe') {
    const { createPipe } = await import('../files/pipe.js');
    // That somebody left says nothing of what is missing.
    const told = (view: UiView): UiView => {
      if (view.type !== 'ended' || !PARTING.has(view.code) || leaving.failure !== undefined) return view;
      if (pipe.failure === undefined) return view;
      const { code, detail } = pipe.failure;
      return { ...view, code, text: explain(code, detail) };
    };
    const leaving = driven({ ...own, show: (view) => own.show(told(view)) }, {});
    const pipe = createPipe({
      input: context.input,
      output: context.output,
      moved: own.moved,
      over: () => leaving.act({ type: 'quit' }),
    });
    return {
      ui: leaving,
      bulk: pipe,
      exit: (status) => pipeExit(status, pipe.begun, leaving.failure ?? pipe.failure?.code),
    };
  }
  const shown = json ? ui : own;
  if (task.kind === 'send') {
    const { resolve } = await import('node:path');
    const paths = task.paths.map((each) => Uint8Array.from(Buffer.from(realName(resolve(cwd, each)))));
    const sending = driven(shown, { offer: paths, alone: json });
    const bulk = (await files()).createFiles({ source: cwd, destination: undefined });
    return { ui: sending, bulk, exit: (status) => fileExit(status, sending) };
  }
  const receiving = driven(shown, { yes: json && task.yes, alone: json && task.yes });
  const destination = await real(task.folder, cwd);
  const bulk = (await files()).createFiles({ source: undefined, destination });
  return { ui: receiving, bulk, exit: (status) => fileExit(status, receiving) };
}

/** Whether this task asks on its input whether the safety words match; that of a pipe is for its peer. */
export function asksWords(task: Task, errors: Given['context']['errors']): boolean {
  return task.kind === 'chat' || task.kind === 'receive' || (task.kind === 'send' && errors.isTTY === true);
}

const files = () => import('../files/files.js');

/** As the launcher has allowed it: without links. */
async function real(folder: string, cwd: string): Promise<string> {
  const [{ realpath }, { resolve }] = await Promise.all([import('node:fs/promises'), import('node:path')]);
  const named = resolve(cwd, folder);
  return realpath(named).catch(() => realName(named));
}

/** One of the two left. */
const PARTING: ReadonlySet<Code> = new Set<Code>(['SC-316', 'SC-317']);

/** A stream that was begun and is not whole is truncated, however the session ended, but for attacks and interruptions. */
function pipeExit(status: ExitStatus, begun: boolean, failure: Code | undefined): ExitStatus {
  if (status === EXIT.violation || status === EXIT.interrupted || status === EXIT.internal) return status;
  if (failure === undefined) return status === EXIT.lost ? EXIT.ok : status;
  if (failure === 'SC-358' || failure === 'SC-333') return CODES[failure];
  // A peer that left before it began has taken nothing.
  return begun || status === EXIT.ok ? EXIT.truncated : status;
}

function fileExit(status: ExitStatus, { failure, done }: Driven): ExitStatus {
  if (status !== EXIT.ok && status !== EXIT.lost) return status;
  if (failure !== undefined) return CODES[failure];
  return done > 0 ? EXIT.ok : status === EXIT.ok ? EXIT.truncated : status;
}

interface Driven extends UiPort {
  /** What the last transfer that failed ended with. */
  readonly failure: Code | undefined;
  /** Transfers that were whole. */
  readonly done: number;
  act(event: UiEvent): void;
}

interface Drive {
  /** Offered once the session is active; then it is left. */
  readonly offer?: readonly Uint8Array[];
  /** Every offer is taken. */
  readonly yes?: boolean;
  /** It needs nobody: that the input ends is told only where an answer is needed. */
  readonly alone?: boolean;
}

/** A UI with a will of its own, beside the person's. */
function driven(ui: UiPort, { offer, yes, alone }: Drive): Driven {
  let sink: (event: UiEvent) => void = () => undefined;
  let offered = false;
  /** The input has ended, and nobody was told. */
  let ended = false;
  let asked = false;
  let failure: Code | undefined;
  let done = 0;

  function hear(event: UiEvent): void {
    if (event.type !== 'end-of-input' || alone !== true || asked) sink(event);
    else ended = true;
  }

  /** Who would have to answer is gone. */
  function ask(): void {
    asked = true;
    if (ended) sink({ type: 'end-of-input' });
  }

  function drive(view: UiView): void {
    switch (view.type) {
      case 'safety-words':
        if (view.required) ask();
        return;
      case 'code-wanted':
        return ask();
      case 'state':
        if (view.state !== 'active' || offered || offer === undefined) return;
        offered = true;
        return sink({ type: 'offer', paths: offer });
      case 'offer':
        if (view.incoming && yes === true) sink({ type: 'accept', id: view.id });
        return;
      case 'file-done':
        done += 1;
        if (offer !== undefined) sink({ type: 'quit' });
        return;
      case 'file-failed':
        failure = view.code;
        if (offer !== undefined) sink({ type: 'quit' });
        return;
      case 'notice':
        // Beside cover there is nothing to be done here.
        if (view.code !== 'SC-333') return;
        failure = view.code;
        return sink({ type: 'quit' });
      default:
        return;
    }
  }

  return {
    get failure() {
      return failure;
    },
    get done() {
      return done;
    },
    act: (event) => sink(event),
    open(to) {
      sink = to;
      ui.open(hear);
    },
    show(view) {
      // What is offered at the moment in which that is told is refused for the same reason.
      if (view.type === 'notice' && view.code === 'SC-333' && failure === 'SC-333') return;
      ui.show(view);
      drive(view);
    },
    close: () => ui.close(),
  };
}

/**
 * The page of the playground: shows a world, and turns what the reader presses into actions. The address of the page holds
 * all of it. No decision about the world may be in this file.
 */
import { button, make } from '../../adapters/ui/page/dom.js';
import { type Action, formatLink, parseLink, type Settings, type Side, TEXT_LIMIT } from './link.js';
import { FATES, KINDS, NAMES, STATES, STORIES, WORDS } from './words.js';
import { createWorld, type Line, type Packet, type World } from './world.js';

const SEEDS = ['lagoon', 'harbor', 'meadow', 'orchard', 'willow', 'pebble', 'lantern', 'copper'];
/** Frames that are past, on the page. */
const PAST = 30;
/** Bytes of a frame that are shown. */
const HEAD = 16;

let settings: Settings = { seed: 'lagoon', room: 'secret', middle: false };
let actions: Action[] = [];
let world: World;

const root = make('main');
const hint = make('p', { role: 'status', class: 'hint' });

/** The world of the address; a new one where it names none. */
function load(): void {
  const given = parseLink(location.hash);
  if (given !== undefined) {
    settings = given.settings;
    actions = [...given.actions];
  } else {
    const seed = SEEDS[crypto.getRandomValues(new Uint32Array(1))[0]! % SEEDS.length]!;
    settings = { seed, room: 'secret', middle: false };
    actions = [];
  }
  hint.textContent = given === undefined && location.hash !== '' ? WORDS.badLink : '';
  rebuild();
}

function rebuild(): void {
  world = createWorld(settings);
  actions = actions.filter((action) => world.act(action));
  draw();
}

function act(action: Action): void {
  const done = world.act(action);
  hint.textContent = done ? '' : WORDS.impossible;
  if (done) actions.push(action);
  draw();
}

function begin(changed: Partial<Settings>): void {
  settings = { ...settings, ...changed };
  actions = [];
  rebuild();
}

// -- what is shown

function draw(): void {
  const focused = document.activeElement?.id;
  history.replaceState(null, '', formatLink(settings, actions));
  root.replaceChildren(choices(), hint, make('div', { class: 'stage' }, person('alice'), relay(), person('bob')));
  if (focused !== undefined && focused !== '') document.getElementById(focused)?.focus();
}

function choices(): HTMLElement {
  const seed = make('input', { id: 'seed', value: settings.seed, pattern: '[a-z0-9-]{1,32}', maxlength: '32' });
  seed.addEventListener('change', () =>
    seed.validity.valid && seed.value !== '' ? begin({ seed: seed.value }) : draw(),
  );
  const room = make(
    'select',
    { id: 'room' },
    make('option', { value: 'secret', selected: settings.room === 'secret' }, WORDS.secret),
    make('option', { value: 'open', selected: settings.room === 'open' }, WORDS.open),
  );
  room.addEventListener('change', () => begin({ room: room.value === 'open' ? 'open' : 'secret' }));
  const middle = make('input', { id: 'middle', type: 'checkbox', checked: settings.middle });
  middle.addEventListener('change', () => begin({ middle: middle.checked }));
  return make(
    'form',
    { class: 'choices' },
    make('label', {}, `${WORDS.seed} `, seed),
    make('label', {}, `${WORDS.room} `, room),
    make('label', {}, middle, ` ${WORDS.middle}`),
    button(WORDS.again, {}, () => begin({})),
    button(WORDS.undo, { disabled: actions.length === 0 }, () => {
      actions.pop();
      rebuild();
    }),
    button(WORDS.copy, {}, () => {
      navigator.clipboard.writeText(location.href).then(
        () => (hint.textContent = WORDS.copied),
        () => (hint.textContent = location.href),
      );
    }),
  );
}

function person(side: Side): HTMLElement {
  const { lines, state, words, asked, connected } = world.people[side];
  const over = state === 'destroyed';
  const text = make('input', { id: `says-${side}`, maxlength: String(TEXT_LIMIT), autocomplete: 'off' });
  const form = make(
    'form',
    {},
    make('label', { for: text.id }, WORDS.message(NAMES[side])),
    text,
    make('button', { type: 'submit' }, WORDS.send),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (text.value !== '') act({ do: 'say', side, text: text.value });
  });
  return make(
    'section',
    { class: 'person', 'aria-label': NAMES[side] },
    make('h2', {}, NAMES[side]),
    make('p', { class: 'state' }, STATES[state] ?? state, over || connected ? '' : `, ${WORDS.notConnected}`),
    ...(words.length === 0 || over ? [] : [make('p', {}, WORDS.words, make('b', { class: 'words' }, words.join(' ')))]),
    ...(asked
      ? [
          button(WORDS.match, {}, () => act({ do: 'match', side })),
          button(WORDS.differ, {}, () => act({ do: 'differ', side })),
        ]
      : []),
    log(lines),
    ...(over
      ? []
      : [
          form,
          button(WORDS.quit, {}, () => act({ do: 'quit', side })),
          button(WORDS.cut, { disabled: !connected }, () => act({ do: 'cut', side })),
        ]),
  );
}

function log(lines: readonly Line[]): HTMLElement {
  return make('ul', { class: 'log' }, ...lines.map(({ kind, text }) => make('li', { class: kind }, text)));
}

function relay(): HTMLElement {
  const held = world.packets.filter(({ fate }) => fate === 'held');
  const past = world.packets.filter(({ fate }) => fate !== 'held').slice(-PAST);
  const waits = ([1, 10, 60] as const).map((seconds) =>
    button(WORDS.wait[seconds], {}, () => act({ do: 'wait', seconds })),
  );
  return make(
    'section',
    { class: 'relay', 'aria-label': WORDS.relay },
    make('h2', {}, WORDS.relay),
    make('p', { class: 'state' }, WORDS.clock(world.now / 1000)),
    button(world.passing ? WORDS.hold : WORDS.pass, { class: 'strong' }, () =>
      act({ do: world.passing ? 'hold' : 'pass' }),
    ),
    ...waits,
    ...(settings.middle
      ? [make('h3', {}, WORDS.reads), world.read.length === 0 ? make('p', {}, WORDS.none) : log(world.read)]
      : []),
    make('h3', {}, WORDS.held),
    held.length === 0 ? make('p', {}, WORDS.none) : make('ol', { class: 'packets' }, ...held.map(packet)),
    make('h3', {}, WORDS.before),
    past.length === 0 ? make('p', {}, WORDS.none) : make('ol', { class: 'packets' }, ...past.reverse().map(packet)),
  );
}

function packet({ number, from, to, bytes, fate }: Packet): HTMLElement {
  const press = (what: 'deliver' | 'drop' | 'flip' | 'replay') =>
    button(WORDS[what], {}, () => act({ do: what, packet: number }));
  const head = Array.from(bytes.subarray(0, HEAD), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const held = fate === 'held';
  return make(
    'li',
    { class: fate },
    make(
      'p',
      {},
      `${String(number)}. ${NAMES[from]} → ${NAMES[to]}: ${KINDS[bytes[0] ?? 0] ?? ''}, ${bytes.length.toLocaleString('en')} bytes`,
      held ? '' : `, ${FATES[fate]}`,
    ),
    ...(held ? [make('code', {}, `${head} …`), press('deliver'), press('drop'), press('flip')] : [press('replay')]),
  );
}

document.body.append(
  make('header', {}, make('h1', {}, WORDS.title), make('p', {}, WORDS.lead)),
  root,
  make(
    'nav',
    { 'aria-label': WORDS.stories },
    make('h2', {}, WORDS.stories),
    make(
      'ul',
      {},
      ...STORIES.map(({ title, text, link }) => make('li', {}, make('a', { href: link }, title), ` ${text}`)),
    ),
  ),
);
addEventListener('hashchange', load);
load();

/**
 * Every command that a document shows, and where it is run as it stands there: by test/e2e/documents.test.ts in the
 * surroundings that the document speaks of, by another test or step that is named, or nowhere, with the reason. That the
 * list is whole is asked by test/arch/commands.test.ts. No expectation may be in this file.
 */

/** What a command comes to, in documents.test.ts. */
export interface Run {
  /** Must come on stdout or stderr. */
  readonly says: RegExp;
  /** It ends by itself, with this; without it the command goes on and is stopped. */
  readonly exit?: number;
  /** Typed into it. */
  readonly types?: string;
  /**
   * Where it is typed: `folder` has what the documents name, `clone` is the checkout, `fresh` a clone of it, `beside` an empty
   * folder next to that, `dist` what was built.
   */
  readonly at?: 'folder' | 'clone' | 'fresh' | 'beside' | 'dist';
}

export type How =
  /** By documents.test.ts. */
  | { readonly run: Run }
  /** By another test or step, which takes it from the document, or is the command itself. */
  | { readonly by: string }
  | { readonly not: string };

const run = (says: RegExp, more: Omit<Run, 'says'> = {}): How => ({ run: { says, types: '\n', ...more } });
const by = (file: string): How => ({ by: file });
const not = (why: string): How => ({ not: why });

/** What somebody types who was given a code. */
const CODE = '482913-tunnel-anchor-mango\n';
const WAITS = /Waiting for your peer to join|Tell your peer/;
const EXAMPLE = '.config/check-example.mjs';
const LIBRARY = '.config/check-library.mjs';
const TEN_LINES = 'test/e2e/relay-ten-lines.test.ts';
const RECIPES = 'test/e2e/recipes.test.ts';
const QUICKSTART = 'test/e2e/quickstart.test.ts';

/** All commands of a document, or each by itself; comments behind a command are left out. */
export const COMMANDS: Readonly<Record<string, How | Readonly<Record<string, How>>>> = {
  'README.md': {
    './run.sh': run(WAITS, { at: 'clone' }),
    'npm ci && npm test': by('.ci/run'),
    'npm ci && npm install --global "$(npm pack --silent)"': run(/added \d+ package/, { exit: 0, at: 'fresh' }),
    'securechat --help': run(/^securechat: two people/, { exit: 0 }),
    './run.sh --ui line': run(WAITS, { at: 'clone' }),
    'securechat relay --host 0.0.0.0 --tls-cert chain.pem --tls-key key.pem': run(
      /listening on wss:\/\/0\.0\.0\.0:8765/,
    ),
    'securechat --relay wss://relay.example': run(WAITS),
    'securechat --listen --tls-self': run(/securechat:\/\/.*\?pin=/),
    'securechat --lan': run(/Looking for your peer in the local network/),
    'securechat --onion': not('the Tor network is not there; test/e2e/quickstart.test.ts has a small one of its own'),
    'securechat --relay wss://relay.example --proxy socks5h://127.0.0.1:1080': run(WAITS),
    'securechat --relay wss://relay.example --tor': not('the Tor network; test/e2e/onion.test.ts has a small one'),
    'securechat --relay wss://relay.example --direct': run(WAITS),
    'securechat --transport socketio': run(WAITS),
    'securechat --crypto tweetnacl': run(WAITS),
    'securechat --plugin ./plugins/direct-tcp --transport direct-tcp --direct-listen 0.0.0.0:7000': run(
      /Tell your peer/,
      { at: 'clone' },
    ),
    'securechat --ui line --code-fd 3 3<code.txt </dev/null >log': run(/listening until your peer leaves/),
    'echo hi | securechat --ui line --code-fd 3 3<code.txt': run(/Delivered/, { exit: 0 }),
    'tar -c folder | securechat pipe': run(/securechat pipe|Tell your peer/),
    'securechat send report.pdf photos': run(/Tell your peer/),
    'securechat --ui json --code-fd 3 --relay wss://relay.example 3< <(pass show chat)': run(
      /^\{"v":1,"event":"state","state":"searching"\}$/m,
    ),
  },
  'docs/contributing.md': {
    'npm ci': by('.ci/run'),
    'npm run build': by('.ci/run'),
    'npm test': by('.ci/run'),
    './run.sh': run(WAITS, { at: 'clone' }),
    'npx vitest run --config .config/vitest.config.ts test/core/session/resume.test.ts': run(/Tests .*\d+ passed/, {
      exit: 0,
      at: 'clone',
    }),
    "npx vitest run --config .config/vitest.config.ts test/core/session/resume.test.ts -t 'waits longer and longer'":
      run(/Tests .*\d+ passed/, { exit: 0, at: 'clone' }),
    'npx vitest --config .config/vitest.config.ts test/adapters/cli': not('watches files until a person stops it'),
    'npm run coverage -- test/core': by('.ci/nightly'),
    'npm run mutation -- core/protocol/frame.ts': by('.ci/nightly'),
    'node bench/run.mjs timing': by('.ci/nightly'),
    'npm run fuzz -- 30 records': by('.ci/nightly'),
    'npm ci --ignore-scripts': by('.config/check-reproducible.mjs'),
    'npm run check:reproducible': by('.ci/run'),
    'npm run check:reproducible -- ~/Downloads/SHA512SUMS': not('there is no published release to compare with'),
  },
  'docs/json.md': { 'securechat --ui json': run(/^\{"v":1,"event":"code",/m) },
  'docs/library.md': by(LIBRARY),
  'docs/pipe.md': {
    'securechat send report.pdf photos': run(/Tell your peer/),
    // On a terminal it asks; here it reads.
    'securechat receive -o downloads': run(/room code/, { exit: 2 }),
    'tar -c folder | securechat pipe --code-fd 3 3<code.txt': by(RECIPES),
    'securechat pipe --code-fd 3 3<code.txt </dev/null | tar -x': by(RECIPES),
    'git bundle create - --all | securechat pipe --code-fd 3 3<code.txt': by(RECIPES),
    'securechat pipe --code-fd 3 3<code.txt </dev/null > repository.bundle': by(RECIPES),
    'git clone repository.bundle repository': by(RECIPES),
    'securechat pipe --quiet --code-fd 3 3<code.txt < answers | nc localhost 22 > answers': by(RECIPES),
    "ssh -o ProxyCommand='securechat pipe --quiet --code-fd 3 3<code.txt' user@peer": by(RECIPES),
    'rsync -a -e "ssh -o ProxyCommand=\'securechat pipe --quiet --code-fd 3 3<code.txt\'" folder user@peer:':
      by(RECIPES),
  },
  'docs/plugins.md': {
    'securechat --plugin securechat-plugin-loopback --transport loopback': not('the name stands for a plugin of yours'),
    'securechat --plugin ./plugins/status-line --ui status-line': run(/Tell your peer/, { at: 'clone' }),
    '(cd ../securechat && npm ci && npm pack)': run(/securechat-\d+\.\d+\.\d+\.tgz/, { exit: 0, at: 'beside' }),
    'npm install --save-dev ../securechat/securechat-0.1.0.tgz typescript @types/node': by(EXAMPLE),
    'npm run build && npm test': by(EXAMPLE),
    'npx securechat --plugin . --transport loopback': by(EXAMPLE),
  },
  'docs/quickstart.md': by(QUICKSTART),
  'docs/web.md': {
    'securechat --relay wss://relay.example --web': run(/https:\/\/relay\.example\/#/),
    'securechat page --hash': run(/^[0-9a-f]{64}$/m, { exit: 0 }),
    'sha256sum chat.html': run(/^[0-9a-f]{64} {2}chat\.html$/m, { exit: 0 }),
    'curl -s https://relay.example/ | sha256sum': run(/^[0-9a-f]{64} {2}-$/m, { exit: 0 }),
    'securechat relay --host 0.0.0.0 --tls-cert chain.pem --tls-key key.pem --page': run(
      /listening on wss:\/\/0\.0\.0\.0:8765/,
    ),
    'securechat --listen --web': run(/http:\/\/.*\/#/),
  },
  'docs/zero-trace.md': {
    'securechat doctor': run(/^no file can be written .* enforced/m),
    'npx vitest run --config .config/vitest.config.ts test/e2e/zero-trace-files.test.ts test/e2e/zero-trace-memory.test.ts test/e2e/zero-trace-denied.test.ts test/e2e/zero-trace-screen.test.ts':
      not('npm test has these files, and .ci/run runs them again with two other programs'),
  },
  'docs/playground/README.md': {
    'npm run playground': run(/The playground is .*playground\.html/, { exit: 0, at: 'clone' }),
  },
  'docs/models/README.md': {
    'npm run check:model': by('.ci/run'),
    'node docs/models/check.mjs numbers': by('.ci/nightly'),
    'node docs/models/proverif/check.mjs': not(
      'Debian does not package ProVerif; test/arch/model.test.ts reads the models',
    ),
  },
  'docs/relay/README.md': {
    'node relay-ws.js --port 8765 --trust-proxy loopback --monitor-port 8766': run(
      /monitor on http:\/\/127\.0\.0\.1:8766\/\nsecurechat-relay-ws: listening on ws:\/\/127\.0\.0\.1:8765\//,
      { at: 'dist' },
    ),
    'node relay-ws.js --check-config --trust-proxy loopback --monitor-port 8766': run(/The configuration can be used/, {
      exit: 0,
      at: 'dist',
    }),
    'node relay-ws.js --check-config --tls-cert no-such-file --tls-key key.pem': run(/\(SC-503\)/, {
      exit: 2,
      at: 'dist',
    }),
    './run.sh --version': by(TEN_LINES),
    'install -D -t /opt/securechat-relay dist/relay-ws.js package.json docs/relay/README.md': by(TEN_LINES),
    'cp -r --parents node_modules/bufferutil node_modules/node-gyp-build /opt/securechat-relay': by(TEN_LINES),
    'install -m 644 -t /etc/systemd/system docs/relay/securechat-relay.service': by(TEN_LINES),
    'systemctl enable --now securechat-relay': by(TEN_LINES),
    'apt-get install -y caddy': by(TEN_LINES),
    "sed 's/^relay.example/chat.your.name/' docs/relay/Caddyfile > /etc/caddy/Caddyfile": by(TEN_LINES),
    'systemctl restart caddy': by(TEN_LINES),
    'curl http://127.0.0.1:8766/readyz': by(TEN_LINES),
    'securechat --relay wss://chat.your.name': by(TEN_LINES),
  },
  'docs/relay/capacity.md': {
    'redis-server --save "" --appendonly no --slowlog-log-slower-than -1 --client-output-buffer-limit "pubsub 256mb 64mb 60"':
      run(/Ready to accept connections/),
  },
  'plugins/direct-tcp/README.md': {
    './run.sh --plugin ./plugins/direct-tcp -t direct-tcp --direct-listen 127.0.0.1:7000': run(/Tell your peer/, {
      at: 'clone',
    }),
    './run.sh --plugin ./plugins/direct-tcp -t direct-tcp --direct-connect 127.0.0.1:7000': run(
      /Looking for your peer/,
      {
        types: CODE,
        at: 'clone',
      },
    ),
  },
  'plugins/status-line/README.md': {
    './run.sh --plugin ./plugins/status-line --ui status-line': run(/Tell your peer/, { at: 'clone' }),
  },
};

/** The commands in the blocks of a page, one line each: blocks for a shell, and what follows a prompt anywhere. */
export function commandsIn(page: string): string[] {
  return [...page.matchAll(/^```(\S*)[^\n]*\n(.*?)^```$/gms)].flatMap(([, language = '', block = '']) => {
    const lines = block.trimEnd().split('\n');
    const prompted = lines.filter((line) => /^[$#] \S/.test(line)).map((line) => line.slice(2));
    const found = prompted.length > 0 || !/^(sh|bash|console)$/.test(language) ? prompted : lines;
    return found.map((line) => line.replace(/\s+#.*$/, '')).filter((line) => line !== '');
  });
}

/** How a command of a document is run; undefined: nobody has said. */
export function howOf(document: string, command: string): How | undefined {
  const known = COMMANDS[document];
  if (known === undefined) return undefined;
  return isHow(known) ? known : known[command];
}

export function isHow(known: How | Readonly<Record<string, How>>): known is How {
  return ['run', 'by', 'not'].some((kind) => kind in known);
}

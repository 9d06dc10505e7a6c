/**
 * A terminal emulator without a window, @xterm/headless, in one of its two tables of widths. What a test looks at: the
 * cells, the modes, the title, what it would answer. No expectation may be in this file.
 */
import unicode11 from '@xterm/addon-unicode11';
import headless from '@xterm/headless';

export interface Cell {
  /** Empty: blank, or the second half of a wide character, whose width is 0. */
  readonly text: string;
  readonly width: number;
  /** Numbers of the palette; undefined: the terminal's own. */
  readonly color: number | undefined;
  readonly background: number | undefined;
  readonly bold: boolean;
  readonly dim: boolean;
}

export interface Emulator {
  write(bytes: Uint8Array): Promise<void>;
  resize(columns: number, rows: number): void;
  /** The screen, without the blanks at the ends of its rows. */
  screen(): string[];
  /** Every cell with its look, a string for each row: two equal ones look the same. */
  cells(): string[];
  grid(): Cell[][];
  readonly cursor: { readonly column: number; readonly row: number };
  readonly modes: string;
  /** A frame is half drawn: a terminal that knows synchronized output does not show it yet. */
  readonly drawing: boolean;
  /** Titles set, answers to questions, bells, links, clipboard: everything that is not a cell. */
  readonly effects: readonly string[];
  readonly alternate: boolean;
  /** Rows above the screen. */
  readonly scrolledAway: number;
  /** Every row of both screens, and what can be scrolled back to. */
  everything(): string[];
}

export function createEmulator(columns: number, rows: number, widths: '6' | '11' = '11'): Emulator {
  const terminal = new headless.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 1000 });
  terminal.loadAddon(new unicode11.Unicode11Addon());
  terminal.unicode.activeVersion = widths;
  const effects: string[] = [];
  terminal.onTitleChange((title) => effects.push(`title ${title}`));
  terminal.onData((answer) => effects.push(`answer ${JSON.stringify(answer)}`));
  terminal.onBell(() => effects.push('bell'));
  for (const id of [8, 52]) {
    terminal.parser.registerOscHandler(id, (text) => {
      effects.push(`osc ${id} ${text}`);
      return true;
    });
  }
  const buffer = () => terminal.buffer.active;
  const line = (row: number) => buffer().getLine(buffer().baseY + row);

  return {
    write: (bytes) => new Promise((resolve) => terminal.write(bytes, resolve)),
    resize: (toColumns, toRows) => terminal.resize(toColumns, toRows),
    screen: () => Array.from({ length: terminal.rows }, (_, row) => line(row)?.translateToString(true) ?? ''),
    cells: () =>
      Array.from({ length: terminal.rows }, (_, row) => {
        const shown = line(row);
        const cells = Array.from({ length: terminal.cols }, (_unused, column) => {
          const cell = shown?.getCell(column);
          if (cell === undefined) return '';
          const look = [cell.getFgColor(), cell.getBgColor(), cell.isBold(), cell.isDim(), cell.isInverse()];
          return `${cell.getChars()}/${String(cell.getWidth())}/${look.join(',')}`;
        });
        return cells.join(' ');
      }),
    grid: () =>
      Array.from({ length: terminal.rows }, (_, row) => {
        const shown = line(row);
        return Array.from({ length: terminal.cols }, (_unused, column) => {
          const cell = shown?.getCell(column);
          return {
            text: cell?.getChars() ?? '',
            width: cell?.getWidth() ?? 1,
            color: cell?.isFgPalette() === true ? cell.getFgColor() : undefined,
            background: cell?.isBgPalette() === true ? cell.getBgColor() : undefined,
            bold: (cell?.isBold() ?? 0) > 0,
            dim: (cell?.isDim() ?? 0) > 0,
          };
        });
      }),
    get cursor() {
      return { column: buffer().cursorX, row: buffer().cursorY };
    },
    get modes() {
      return JSON.stringify(terminal.modes);
    },
    get drawing() {
      return terminal.modes.synchronizedOutputMode;
    },
    effects,
    get alternate() {
      return buffer().type === 'alternate';
    },
    get scrolledAway() {
      return buffer().baseY;
    },
    everything: () =>
      [terminal.buffer.normal, terminal.buffer.alternate].flatMap((each) =>
        Array.from({ length: each.length }, (_, row) => each.getLine(row)?.translateToString(true) ?? ''),
      ),
  };
}

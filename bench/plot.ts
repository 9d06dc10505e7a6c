/** Curves over the number of connections as an SVG picture. No measurement may be in this file. */

export interface Curve {
  readonly name: string;
  readonly color: string;
  /** Connections and value. */
  readonly points: readonly (readonly [number, number])[];
}

export interface Panel {
  readonly title: string;
  readonly curves: readonly Curve[];
}

const [WIDTH, HEIGHT, MARGIN] = [430, 260, 46];

/** The panels side by side; x is logarithmic, y starts at 0. */
export function plot(panels: readonly Panel[]): string {
  const pictures = panels.map((panel, n) => `<g transform="translate(${String(n * WIDTH)} 0)">${draw(panel)}</g>`);
  const width = panels.length * WIDTH;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(width)} ${String(HEIGHT)}" font-family="sans-serif">`,
    `<rect width="${String(width)}" height="${String(HEIGHT)}" fill="#ffffff"/>`,
    ...pictures,
    '</svg>\n',
  ].join('\n');
}

function draw({ title, curves }: Panel): string {
  const points = curves.flatMap((curve) => curve.points);
  const xs = points.map(([x]) => Math.log10(x));
  const [low, high] = [Math.min(...xs), Math.max(...xs)];
  const top = nice(Math.max(...points.map(([, y]) => y)));
  const x = (value: number) =>
    (MARGIN + ((Math.log10(value) - low) / Math.max(high - low, 0.01)) * (WIDTH - MARGIN - 100)).toFixed(1);
  const y = (value: number) => (HEIGHT - MARGIN - (value / top) * (HEIGHT - 2 * MARGIN)).toFixed(1);
  const text = (at: string, size: number, words: string, more = '') =>
    `<text ${at} font-size="${String(size)}" fill="#333" ${more}>${words}</text>`;
  const grid = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const height = y(part * top);
    const rule = `<path d="M${String(MARGIN)} ${height}H${String(WIDTH - 100)}" stroke="#ddd"/>`;
    return rule + text(`x="${String(MARGIN - 5)}" y="${height}"`, 10, String(part * top), 'text-anchor="end" dy="3"');
  });
  const ticks = [...new Set(points.map(([count]) => count))].map((count) =>
    text(`x="${x(count)}" y="${String(HEIGHT - MARGIN + 15)}"`, 9, count.toLocaleString('en'), 'text-anchor="middle"'),
  );
  const lines = curves.map(({ name, color, points: own }, n) => {
    const path = own.map(([count, value]) => `${x(count)},${y(value)}`).join(' ');
    const label = text(
      `x="${String(WIDTH - 92)}" y="${String(MARGIN + 6 + n * 16)}"`,
      10,
      name,
      `style="fill:${color}"`,
    );
    return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"/>${label}`;
  });
  return [
    text(`x="${String(MARGIN)}" y="24"`, 13, title),
    ...grid,
    ...ticks,
    text(`x="${String(WIDTH / 2 - 25)}" y="${String(HEIGHT - 10)}"`, 10, 'connections', 'text-anchor="middle"'),
    ...lines,
  ].join('\n');
}

/** The next of 1, 2, 4, 6, 8 times a power of ten. */
function nice(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 6, 8].find((digit) => digit * power >= value) ?? 10) * power;
}

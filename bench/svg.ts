/** A line plot as SVG: axes from zero, one line a series, readable in light and dark. */

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
}

export interface Plot {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
}

const [WIDTH, HEIGHT] = [640, 360];
const AREA = { left: 70, right: 500, top: 40, bottom: 310 };
const COLOURS = ['#1f6feb', '#d9480f', '#2b8a3e', '#862e9c'];
const TICKS = 5;

/** The smallest of 1, 2, 5 times a power of ten that is not below the value. */
function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

function text(x: number, y: number, anchor: string, content: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escapeXml(content)}</text>`;
}

function line(x1: number, y1: number, x2: number, y2: number, style: string): string {
  return `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" ${style}/>`;
}

function label(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 });
}

/** Draws a plot; numbers on the axes are those of the points, no unit is changed. */
export function drawPlot({ title, x, y, series }: Plot): string {
  const points = series.flatMap((each) => each.points);
  const mostX = roundUp(Math.max(...points.map(([value]) => value)));
  const mostY = roundUp(Math.max(...points.map(([, value]) => value)));
  const placeX = (value: number): number => AREA.left + ((AREA.right - AREA.left) * value) / mostX;
  const placeY = (value: number): number => AREA.bottom - ((AREA.bottom - AREA.top) * value) / mostY;
  const grid = Array.from({ length: TICKS + 1 }, (_, tick) => {
    const [atX, atY] = [(mostX * tick) / TICKS, (mostY * tick) / TICKS];
    return [
      line(AREA.left, placeY(atY), AREA.right, placeY(atY), 'class="grid"'),
      text(AREA.left - 8, placeY(atY) + 4, 'end', label(atY)),
      text(placeX(atX), AREA.bottom + 18, 'middle', label(atX)),
    ].join('\n');
  });
  const lines = series.map(({ name, points: own }, at) => {
    const colour = COLOURS[at % COLOURS.length] ?? 'black';
    const path = own.map(([px, py]) => `${placeX(px).toFixed(1)},${placeY(py).toFixed(1)}`).join(' ');
    const dots = own.map(
      ([px, py]) => `<circle cx="${placeX(px).toFixed(1)}" cy="${placeY(py).toFixed(1)}" r="3.5" fill="${colour}"/>`,
    );
    const legend = AREA.top + 18 * at;
    return [
      `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      ...dots,
      line(AREA.right + 14, legend, AREA.right + 34, legend, `stroke="${colour}" stroke-width="2"`),
      text(AREA.right + 40, legend + 4, 'start', name),
    ].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeXml(title)}">
<style>
  svg { background: #fff; } text { font: 12px sans-serif; fill: #222; } .grid { stroke: #ccc; }
  @media (prefers-color-scheme: dark) { svg { background: #0d1117; } text { fill: #ddd; } .grid { stroke: #333; } }
</style>
${text(AREA.left, 22, 'start', title)}
${grid.join('\n')}
${lines.join('\n')}
${text((AREA.left + AREA.right) / 2, HEIGHT - 10, 'middle', x)}
${text(8, AREA.top - 14, 'start', y)}
</svg>
`;
}

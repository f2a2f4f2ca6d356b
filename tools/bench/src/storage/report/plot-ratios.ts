/** Draws how ours compares with each peer as an SVG that is readable on light and dark pages alike. */
import { type PeerName, peerNames } from '../engines/bench-engine.ts';
import { formatSize } from './formatting.ts';
import type { Ratio } from './ratios.ts';

const rowHeight = 22;
const frame = { left: 150, top: 84, bottom: 52, right: 20 };
const panelWidth = 220;
/** What title and legend take. */
const leastWidth = 520;
const panelGap = 20;

/** Ratios beyond are drawn at the edge. */
const [least, most] = [1 / 8, 64];
const ticks = [1 / 4, 1, 4, 16];

/** Middle tones that hold on white and on black; where the page tells which it is, text is lighter or darker. */
const style = `
  text { font: 13px ui-sans-serif, system-ui, sans-serif; fill: #768390; }
  .title { font-size: 15px; font-weight: 600; }
  .grid { stroke: #8b949e; stroke-opacity: 0.25; }
  .even { stroke: #8b949e; stroke-width: 1.5; }
  .classic-level { fill: #d4690f; }
  .lmdb { fill: #2f81f7; }
  .better-sqlite3 { fill: #8957e5; }
  @media (prefers-color-scheme: light) { text { fill: #57606a; } }
  @media (prefers-color-scheme: dark) { text { fill: #9aa4af; } }`;

/** One row per workload, one panel per size of values, one dot per peer; the x axis is logarithmic. */
export function plotRatios(ratios: readonly Ratio[]): string {
  const workloads = [...new Set(ratios.map(({ workload }) => workload))];
  const sizes = [...new Set(ratios.map(({ valueBytes }) => valueBytes))].sort((a, b) => a - b);
  const panels = sizes.length * panelWidth + (sizes.length - 1) * panelGap;
  const width = Math.max(leastWidth, frame.left + panels + frame.right);
  const height = frame.top + workloads.length * rowHeight + frame.bottom;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">`,
    '<title id="title">Operations per second of @kv/lsm-storage over those of other engines, by workload</title>',
    `<style>${style}\n</style>`,
    `<text class="title" x="12" y="24">Operations per second, @kv/lsm-storage over …</text>`,
    ...peerNames.map((peer, index) => legend(peer, 12 + 150 * index)),
    ...workloads.map((workload, row) => `<text x="12" y="${rowMiddle(row) + 4}">${workload}</text>`),
  ];
  for (const [index, valueBytes] of sizes.entries()) {
    const left = frame.left + index * (panelWidth + panelGap);
    const shown = ratios.filter((ratio) => ratio.valueBytes === valueBytes);
    lines.push(...drawPanel(left, formatSize(valueBytes), workloads, shown));
  }
  lines.push(`<text x="12" y="${height - 10}">right of the line: ours is faster; the axis is logarithmic</text>`);
  return `${lines.join('\n')}\n</svg>\n`;
}

function legend(peer: PeerName, x: number): string {
  return `<circle class="${peer}" cx="${x + 5}" cy="44" r="5"/><text x="${x + 16}" y="48">${peer}</text>`;
}

function drawPanel(left: number, label: string, workloads: readonly string[], ratios: readonly Ratio[]): string[] {
  const bottom = frame.top + workloads.length * rowHeight;
  const x = (ratio: number): number => {
    const share = Math.log(Math.min(most, Math.max(least, ratio)) / least) / Math.log(most / least);
    return Math.round((left + share * panelWidth) * 10) / 10;
  };
  return [
    `<text x="${left}" y="${frame.top - 10}">values of ${label}</text>`,
    ...ticks.map((tick) => {
      const line = `<line class="${tick === 1 ? 'even' : 'grid'}" x1="${x(tick)}" x2="${x(tick)}" y1="${frame.top}" y2="${bottom}"/>`;
      const text = tick < 1 ? `1/${1 / tick}` : String(tick);
      return `${line}<text x="${x(tick)}" y="${bottom + 18}" text-anchor="middle">${text} ×</text>`;
    }),
    ...ratios.map(({ workload, against, ratio }) => {
      const y = rowMiddle(workloads.indexOf(workload));
      return `<circle class="${against}" cx="${x(ratio)}" cy="${y}" r="5"><title>${workload}, ${against}: ${ratio.toFixed(2)} ×</title></circle>`;
    }),
  ];
}

function rowMiddle(row: number): number {
  return frame.top + row * rowHeight + rowHeight / 2;
}

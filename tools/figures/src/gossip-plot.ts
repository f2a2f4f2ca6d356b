/** Draws rounds over cluster size as an SVG that is readable on light and dark pages alike. */
import { type Measurement, median } from './gossip-measurement.ts';

const width = 720;
const height = 400;
const frame = { left: 64, right: 24, top: 72, bottom: 56 };

interface Series {
  readonly label: string;
  readonly style: 'change' | 'cold';
  readonly of: (measurement: Measurement) => readonly number[];
}

const series: readonly Series[] = [
  { label: 'all started at once, until each knows each', style: 'cold', of: (one) => one.coldStartRounds },
  { label: 'one member changes, until all know', style: 'change', of: (one) => one.changeRounds },
];

/** Middle tones that hold on white and on black; where the page tells which it is, lighter or darker ones. */
const style = `
  text { font: 13px ui-sans-serif, system-ui, sans-serif; fill: #768390; }
  .title { font-size: 15px; font-weight: 600; }
  .grid { stroke: #8b949e; stroke-opacity: 0.3; }
  .line { fill: none; stroke-width: 2.5; }
  .span { stroke-width: 1.5; stroke-opacity: 0.6; }
  .change { stroke: #2f81f7; }
  .cold { stroke: #d4690f; }
  .dot, .label { stroke: none; }
  .dot.change, .label.change { fill: #2f81f7; }
  .dot.cold, .label.cold { fill: #d4690f; }
  @media (prefers-color-scheme: light) { text { fill: #57606a; } }
  @media (prefers-color-scheme: dark) { text { fill: #9aa4af; } }`;

/** Medians as lines, least to most as bars; the x axis is logarithmic. */
export function plotConvergence(measurements: readonly Measurement[]): string {
  const sizes = measurements.map(({ members }) => members);
  const most = Math.max(...measurements.flatMap((one) => series.flatMap(({ of }) => of(one))));
  const top = Math.ceil(most / 2) * 2;
  const [first, last] = [Math.log(Math.min(...sizes)), Math.log(Math.max(...sizes))];
  const x = (members: number): number =>
    round(frame.left + ((Math.log(members) - first) / (last - first)) * (width - frame.left - frame.right - 16) + 8);
  const y = (rounds: number): number =>
    round(height - frame.bottom - (rounds / top) * (height - frame.top - frame.bottom));

  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">`,
    '<title id="title">Rounds of gossip until everybody knows, over the size of the cluster</title>',
    `<style>${style}\n</style>`,
    `<text class="title" x="${frame.left}" y="24">Rounds until everybody knows (median; bars: least to most over seeds)</text>`,
  ];
  for (let rounds = 0; rounds <= top; rounds += 2) {
    lines.push(
      `<line class="grid" x1="${frame.left}" x2="${width - frame.right}" y1="${y(rounds)}" y2="${y(rounds)}"/>`,
    );
    lines.push(`<text x="${frame.left - 10}" y="${y(rounds) + 4}" text-anchor="end">${rounds}</text>`);
  }
  for (const members of sizes) {
    lines.push(`<text x="${x(members)}" y="${height - frame.bottom + 22}" text-anchor="middle">${members}</text>`);
  }
  lines.push(
    `<text x="${(width + frame.left) / 2}" y="${height - 10}" text-anchor="middle">members (logarithmic)</text>`,
  );
  for (const [index, one] of series.entries()) lines.push(...drawSeries(one, index, measurements, x, y));
  return `${lines.join('\n')}\n</svg>\n`;
}

function drawSeries(
  { label, style: name, of }: Series,
  index: number,
  measurements: readonly Measurement[],
  x: (members: number) => number,
  y: (rounds: number) => number,
): string[] {
  const points = measurements.map((one) => `${x(one.members)},${y(median(of(one)))}`);
  const marks = measurements.flatMap((one) => {
    const values = of(one);
    const [at, least, most] = [x(one.members), y(Math.min(...values)), y(Math.max(...values))];
    return [
      `<line class="span ${name}" x1="${at}" x2="${at}" y1="${least}" y2="${most}"/>`,
      `<circle class="dot ${name}" cx="${at}" cy="${y(median(values))}" r="4"/>`,
    ];
  });
  return [
    `<polyline class="line ${name}" points="${points.join(' ')}"/>`,
    ...marks,
    `<text class="label ${name}" x="${frame.left + 300 * index}" y="46">${label}</text>`,
  ];
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Numbers and tables as people read them. */

/** `178,000`, `6,700`, `12.3`, `0.52`: three digits that matter. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return Math.round(Number(value.toPrecision(3))).toLocaleString('en-US');
  return size >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** `100 B`, `1 kB`, `10 kB`. */
export function formatSize(bytes: number): string {
  return bytes < 1000 ? `${bytes} B` : `${formatPlain(bytes / 1000)} kB`;
}

export function formatMiB(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024).toLocaleString('en-US')} MiB`;
}

/** `850 ns`, `3.2 µs`, `14 ms`. */
export function formatDuration(us: number): string {
  if (us < 1) return `${Math.round(us * 1000)} ns`;
  return us < 1000
    ? `${formatPlain(Number(us.toPrecision(3)))} µs`
    : `${formatPlain(Number((us / 1000).toPrecision(3)))} ms`;
}

function formatPlain(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 });
}

/** Columns side by side, the first ones to the left and the rest to the right. */
export function alignColumns(lines: readonly (readonly string[])[], leftColumns: number): string[] {
  const columns = Math.max(0, ...lines.map((line) => line.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return lines.map((line) =>
    line
      .map((cell, column) =>
        column < leftColumns ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

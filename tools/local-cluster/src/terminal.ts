/** What the commands of this package need of a terminal, so that their behaviour can be tested without one. */

export interface Terminal {
  /** Prints one line. */
  line(text: string): void;
  /** Prints one line that says what went wrong. */
  problem(text: string): void;
  /** Shows a step, with the seconds that it takes, until the returned function is called with what came of it. */
  step(label: string): (outcome: string) => void;
  /** Calls back at each request to stop (Ctrl-C, SIGTERM, a closed terminal). */
  onInterrupt(listener: () => void): void;
}

/** Columns as wide as their widest cell, two spaces between them; the first row is the heading. */
export function alignTable(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

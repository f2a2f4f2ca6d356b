const BYTES_PER_LINE = 16;
const BYTES_PER_WORD = 4;

/** Bytes as text, sixteen a line, for tests that freeze a format. */
export function dump(contents: Uint8Array): string[] {
  const lines: string[] = [];
  for (let start = 0; start < contents.length; start += BYTES_PER_LINE) {
    const words: string[] = [];
    for (let at = start; at < Math.min(start + BYTES_PER_LINE, contents.length); at += BYTES_PER_WORD) {
      words.push(hex(contents.subarray(at, Math.min(at + BYTES_PER_WORD, contents.length))));
    }
    lines.push(words.join(' '));
  }
  return lines;
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

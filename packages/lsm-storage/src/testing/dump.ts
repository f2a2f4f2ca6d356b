/** Bytes as text, sixteen a line, for tests that freeze a format. */
export function dump(contents: Uint8Array): string[] {
  return (
    Buffer.from(contents)
      .toString('hex')
      .match(/.{1,32}/g) ?? []
  ).map((line) => line.replace(/(.{8})(?!$)/g, '$1 '));
}

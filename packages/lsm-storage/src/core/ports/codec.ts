/** The port to compression: one block in, one block out. */

export interface Codec {
  /** Written beside every block it compressed; frozen: 0 = none, 1 = zstd. */
  readonly id: number;
  /** The outcome is valid until the next call. */
  compress(bytes: Uint8Array): Uint8Array;
  /**
   * Fills `into`, which is as long as the engine's own checked header says; returns how many bytes it came to. Any other
   * number, or damage, is an error.
   */
  decompress(bytes: Uint8Array, into: Uint8Array): number;
}

/** Keeps bytes as they are. */
export const noCodec: Codec = {
  id: 0,
  compress: (bytes) => bytes,
  decompress: (bytes, into) => {
    into.set(bytes);
    return bytes.length;
  },
};

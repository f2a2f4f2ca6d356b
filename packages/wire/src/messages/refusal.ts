/** The answer to any request that was refused before it could change anything. */

export interface Refusal {
  readonly type: 'error';
  /** Stable, for programs; at most 64 bytes. */
  readonly code: string;
  /** For people; at most 2048 bytes. */
  readonly message: string;
  /** At most 16 entries; names of at most 64 bytes, texts of at most 2048. */
  readonly details?: Readonly<Record<string, string>>;
}

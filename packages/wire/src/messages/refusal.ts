/** The answer to any request that was refused before it could change anything. */
import { text } from '../layout/byte-strings.ts';
import { optional, struct } from '../layout/composites.ts';
import { textMap } from '../layout/fields.ts';
import type { Layout } from '../layout/layout.ts';
import { constant } from '../layout/scalars.ts';

export interface Refusal {
  readonly type: 'error';
  /** Stable, for programs; at most 64 bytes. */
  readonly code: string;
  /** For people; at most 2048 bytes. */
  readonly message: string;
  /** At most 16 entries; names of at most 64 bytes, texts of at most 2048. */
  readonly details?: Readonly<Record<string, string>>;
}

export const refusal: Layout<Refusal> = struct<Refusal>({
  type: constant('error'),
  code: text(64),
  message: text(2048),
  details: optional(textMap(16, 64, 2048)),
});

/** Values from clients come as they are. */
import { type Put, valueCodecs } from '@kv/wire';
import { RequestError } from './errors.ts';

/**
 * Compressed values from clients come with the negotiation of codecs; until then the hello names none.
 * @throws RequestError NOT_SUPPORTED
 */
export function checkPlain({ codec, rawLength, value }: Pick<Put, 'codec' | 'rawLength' | 'value'>): void {
  if (codec === valueCodecs.plain && rawLength === value.length) return;
  throw new RequestError('NOT_SUPPORTED', `a client's value is plain (codec 0), got codec ${codec}`);
}

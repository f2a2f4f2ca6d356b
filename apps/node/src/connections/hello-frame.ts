/** A hello as the first frame of a connection. */
import { zeroStamp } from '@kv/quorum';
import { encodeFrame, type Hello } from '@kv/wire';

export function helloFrame(hello: Hello): Uint8Array {
  return encodeFrame({ operationId: 0, epoch: 0, keyspaceId: 0, deadlineMs: 0, stamp: zeroStamp }, hello);
}

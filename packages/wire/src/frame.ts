/**
 * One message on its way: a header of fixed size, the same for every message, and the body that its type says.
 *
 *   u32 length · u8 type · u32 operationId · u64 epoch · u32 keyspaceId · u32 deadlineMs · u48 ms · u16 counter · body
 *
 * `length` counts what follows it. Drawn in docs/formats/frame.md.
 */
import { ByteReader } from './bytes/byte-reader.ts';
import { ByteWriter } from './bytes/byte-writer.ts';
import { locate, malformed, WireError } from './errors.ts';
import { type Frame, type FrameHeader, maxFrameBytes } from './frame-header.ts';
import { struct } from './layout/composites.ts';
import { stamp } from './layout/fields.ts';
import { checkEnd } from './layout/layout.ts';
import { u32, u64 } from './layout/scalars.ts';
import { formatOfCode, formatOfType, type Message } from './messages/message.ts';

export const lengthFieldBytes = 4;

const header = struct<FrameHeader>({ operationId: u32, epoch: u64, keyspaceId: u32, deadlineMs: u32, stamp });
const fixedBytes = 1 + header.minSize;

/**
 * A whole frame in one allocation of its exact size; values are copied into it once.
 * @param maxBytes the longest frame after its length field
 * @throws WireError MALFORMED for a field that the format cannot hold, FRAME_TOO_LARGE
 */
export function encodeFrame(
  frameHeader: FrameHeader,
  message: Message,
  maxBytes: number = maxFrameBytes,
): Uint8Array<ArrayBuffer> {
  const { type, code, body } = formatOfType(message.type);
  try {
    const length = checkedLength(fixedBytes + body.size(message), maxBytes);
    const writer = new ByteWriter(lengthFieldBytes + length);
    writer.u32(length);
    writer.u8(code);
    header.write(writer, frameHeader);
    body.write(writer, message);
    return writer.finish();
  } catch (error) {
    throw locate(error, type);
  }
}

/**
 * The frame that all of `bytes` are. Byte fields of the message (keys, metas, values) are views of `bytes`: they keep
 * all of it in memory and change with it, so copy what is kept for long.
 * @param maxBytes the longest frame after its length field
 * @throws WireError
 */
export function decodeFrame(bytes: Uint8Array, maxBytes: number = maxFrameBytes): Frame {
  const reader = new ByteReader(bytes);
  const length = readLength(reader, maxBytes);
  if (length !== reader.remaining) {
    throw malformed(`needed a frame of ${length} bytes after its length, got ${reader.remaining}`);
  }
  const { type, body } = formatOfCode(reader.u8());
  try {
    const frameHeader = header.read(reader);
    const message = body.read(reader);
    checkEnd(reader);
    return { header: frameHeader, message };
  } catch (error) {
    throw locate(error, type);
  }
}

/** The length field, judged before anything that it announces is waited for. @throws WireError */
export function readLength(reader: ByteReader, maxBytes: number): number {
  return checkedLength(reader.u32(), maxBytes);
}

function checkedLength(length: number, maxBytes: number): number {
  if (length > maxBytes) {
    throw new WireError('FRAME_TOO_LARGE', `needed a frame of at most ${maxBytes} bytes, got one of ${length}`);
  }
  if (length < fixedBytes) throw malformed(`needed a frame of at least ${fixedBytes} bytes, got one of ${length}`);
  return length;
}

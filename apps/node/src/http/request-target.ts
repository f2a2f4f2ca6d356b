/**
 * What a request asks for, read from the raw request target: the `URL` class would fold `..` away and decode what must
 * stay encoded, and a key may be any bytes. Node hands the target over as Latin-1, one character per byte.
 */
import { Problem } from './problem-details.ts';

export interface RequestTarget {
  /** Still percent-encoded. */
  readonly path: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** What the parameters were read from. */
  readonly query: string;
}

/** @throws Problem INVALID_TARGET, INVALID_PARAMETER (a parameter given twice) */
export function parseRequestTarget(target: string): RequestTarget {
  const origin = originForm(target);
  const question = origin.indexOf('?');
  const path = question < 0 ? origin : origin.slice(0, question);
  if (!path.startsWith('/') || /[#\\]/.test(path)) {
    throw new Problem('INVALID_TARGET', 'a path starts with a slash, and # and \\ in it are written %23 and %5C');
  }
  const query = question < 0 ? '' : origin.slice(question + 1);
  return { path, parameters: query === '' ? noParameters : parseParameters(query), query };
}

/** The path of a target, for routing; whatever is wrong with it shows when the target is parsed. */
export function routingPath(target: string): string {
  return originForm(target).split('?', 1)[0] ?? '/';
}

/** The keyspace's name in a path that begins with `/v1/keyspaces/`. @throws Problem INVALID_ENCODING */
export function keyspaceOf(path: string): string {
  const [, , , keyspace = ''] = path.split('/');
  return decodeUtf8(percentDecode(keyspace), 'keyspace');
}

/**
 * The bytes of a key, or of its beginning, given as a parameter: they must not be altered where they are not what they
 * should be, as `URLSearchParams` does. `undefined` if it is not given.
 * @throws Problem INVALID_ENCODING
 */
export function keyParameter(query: string, name: string, encoding: string | undefined): Uint8Array | undefined {
  const given = query.split('&').find((part) => part === name || part.startsWith(`${name}=`));
  if (given === undefined) return undefined;
  const bytes = percentDecode(given.slice(name.length + 1).replaceAll('+', ' '));
  const text = decodeUtf8(bytes, name);
  return encoding === 'base64url' ? decodeBase64url(text) : bytes;
}

/** The keyspace's name and the key as it stands in the path: all after `/keys/`, still encoded. */
export function keyAddress(path: string): { keyspace: string; key: string } {
  const [, , , , , ...rest] = path.split('/');
  return { keyspace: keyspaceOf(path), key: rest.join('/') };
}

/** The keyspace's name in the path of a keyspace. */
export function keyspaceAddress(path: string): string {
  const [, , , keyspace = ''] = path.split('/');
  return decodeUtf8(percentDecode(keyspace), 'keyspace');
}

/**
 * The bytes of a key. Percent-encoded UTF-8 by default; with `encoding=base64url` any bytes, and keys like `..` that
 * clients fold away before they send them.
 * @throws Problem KEY_EMPTY, INVALID_ENCODING
 */
export function decodeKey(segment: string, encoding: string | undefined): Uint8Array {
  if (segment === '') throw new Problem('KEY_EMPTY', 'a key has 1 to 4096 bytes, got none');
  if (segment.includes('/')) {
    throw new Problem('INVALID_ENCODING', 'a key is one path segment: a slash in it is written %2F');
  }
  if (encoding === 'base64url') return decodeBase64url(segment);
  const bytes = percentDecode(segment);
  decodeUtf8(bytes, 'key');
  return bytes;
}

const noParameters: ReadonlyMap<string, string> = new Map();

/** A target may be the absolute form, which proxies send: `http://host/path`. */
function originForm(target: string): string {
  if (!/^https?:\/\//i.test(target)) return target;
  const path = target.indexOf('/', target.indexOf('//') + 2);
  return path < 0 ? '/' : target.slice(path);
}

function parseParameters(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (parameters.has(name)) throw new Problem('INVALID_PARAMETER', `the parameter ${name} is given twice`);
    parameters.set(name, value);
  }
  return parameters;
}

function percentDecode(text: string): Uint8Array {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) {
    throw new Problem(
      'INVALID_ENCODING',
      'a percent sign must be followed by two hexadecimal digits; itself it is %25',
    );
  }
  const latin1 = text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return new Uint8Array(Buffer.from(latin1, 'latin1'));
}

function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return strictUtf8.decode(bytes);
  } catch (error) {
    const detail = `a ${what} in the path is percent-encoded UTF-8; for other bytes use ?encoding=base64url`;
    throw new Problem('INVALID_ENCODING', detail, { cause: error });
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws Problem INVALID_ENCODING */
export function decodeBase64url(segment: string): Uint8Array {
  const unpadded = segment.replace(/(?:=|%3[Dd]){1,2}$/, '');
  const bytes = Buffer.from(unpadded, 'base64url');
  if (bytes.toString('base64url') !== unpadded) {
    throw new Problem('INVALID_ENCODING', 'the key is not base64url: A–Z a–z 0–9 - _ and no superfluous bits');
  }
  return new Uint8Array(bytes);
}

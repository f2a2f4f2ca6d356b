/**
 * The only globals that this package may use: pure ones, the same in Node, browsers and edge runtimes.
 * Time, randomness, network and disk come in as arguments (there is no DOM and no Node typing here).
 */
declare class TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>;
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(bytes?: Uint8Array): string;
}

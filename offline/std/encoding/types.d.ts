// Signatures of the parts of @std/encoding that this repository uses.
export function encodeHex(src: string | Uint8Array | ArrayBuffer): string;
export function decodeHex(src: string): Uint8Array;
export function encodeBase64(data: ArrayBuffer | Uint8Array | string): string;
export function decodeBase64(b64: string): Uint8Array;

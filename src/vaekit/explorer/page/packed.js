// Bytes that lie in text.

/** The bytes of base64. */
export function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text.trim());
  return Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
}

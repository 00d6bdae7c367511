/** The SHA-256 digest of bytes or UTF-8 text, in hexadecimal. */
export async function sha256(data: string | Uint8Array): Promise<string> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  const digest = await crypto.subtle.digest(
    "SHA-256",
    bytes as Uint8Array<ArrayBuffer>,
  );
  return Array.from(
    new Uint8Array(digest),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join("");
}

/** The beginning of a digest: enough to tell texts and models apart in print. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 12);
}

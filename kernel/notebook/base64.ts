const chunk = 0x8000;

/** What Node and browsers both have. */
declare function btoa(binary: string): string;

export function toBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  // A multiple of three, so that the parts can be joined.
  for (let i = 0; i < bytes.length; i += 3 * chunk) {
    let binary = '';
    const end = Math.min(bytes.length, i + 3 * chunk);
    for (let j = i; j < end; j += chunk)
      binary += String.fromCharCode(...bytes.subarray(j, Math.min(end, j + chunk)));
    parts.push(btoa(binary));
  }
  return parts.join('');
}

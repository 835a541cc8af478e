const headerBytes = 44;
const bytesPerSample = 2;

/**
 * Samples from -1 to 1 as a WAV file of 16-bit integers, channels interleaved; what is louder is clipped and
 * what is no number is silence.
 * Source: http://soundfile.sapp.org/doc/WaveFormat/
 */
export function toWav(channels: readonly ArrayLike<number>[], sampleRate: number): Uint8Array {
  const samples = channels[0]?.length ?? 0;
  const frameBytes = channels.length * bytesPerSample;
  const bytes = new Uint8Array(headerBytes + samples * frameBytes);
  const view = new DataView(bytes.buffer);
  const write = (at: number, text: string): void => {
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  };
  const rate = Math.round(sampleRate);
  write(0, 'RIFF');
  view.setUint32(4, bytes.length - 8, true);
  write(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels.length, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * frameBytes, true);
  view.setUint16(32, frameBytes, true);
  view.setUint16(34, 8 * bytesPerSample, true);
  write(36, 'data');
  view.setUint32(40, samples * frameBytes, true);
  channels.forEach((channel, c) => {
    for (let i = 0; i < samples; i++) {
      const clipped = Math.max(-1, Math.min(1, channel[i]!)) || 0;
      const at = headerBytes + i * frameBytes + c * bytesPerSample;
      view.setInt16(at, Math.round(clipped * 0x7fff), true);
    }
  });
  return bytes;
}

import type { RandomStream } from '../../rnn/random.js';

/** What is heard at one moment; the synthesiser goes from one to the next in between. */
export interface SpeechFrame {
  /** Of the voice, in hertz. */
  pitch: number;
  formants: readonly [number, number, number];
  voice: number;
  breath: number;
  noise: readonly [loudness: number, centre: number, bandwidth: number];
}

/** Bandwidths of the formants in hertz, as D. H. Klatt has them for vowels. */
const bandwidths = [60, 90, 150, 200, 300] as const;
/** The fourth and fifth formants, which hardly move; for a man. */
const highFormants = [3500, 4500] as const;

/** Makes vowels about as loud as noise of loudness 1. */
const voiceGain = 200;

/** y[n] = a·x[n] + b·y[n−1] + c·y[n−2]: a resonance of gain 1 at frequency 0. */
class Resonator {
  #a = 1;
  #b = 0;
  #c = 0;
  #last = 0;
  #before = 0;

  constructor(private readonly sampleRate: number) {}

  tune(frequency: number, bandwidth: number): void {
    this.#c = -Math.exp((-2 * Math.PI * bandwidth) / this.sampleRate);
    this.#b =
      2 *
      Math.exp((-Math.PI * bandwidth) / this.sampleRate) *
      Math.cos((2 * Math.PI * frequency) / this.sampleRate);
    this.#a = 1 - this.#b - this.#c;
  }

  /** Standard deviation of its answer to the changes of white noise of deviation 1. */
  get deviation(): number {
    const sum = 1 - this.#c;
    const variance = (this.#a ** 2 * sum) / ((1 + this.#c) * (sum ** 2 - this.#b ** 2));
    return Math.sqrt(2 * variance * (1 - this.#b / sum));
  }

  next(x: number): number {
    const y = this.#a * x + this.#b * this.#last + this.#c * this.#before;
    this.#before = this.#last;
    this.#last = y;
    return y;
  }
}

/**
 * Speech from frames: pulses of the voice and breath go through five resonators in a row, noise through one beside them.
 *
 * Source: D. H. Klatt, "Software for a cascade/parallel formant synthesizer", Journal of the Acoustical Society of America
 * 67 (1980), without its nasal and voice-bar branches.
 *
 * @param frames one each `frameLength` samples
 * @param tract length of the vocal tract, 1 for a man's; formants are divided by it
 * @returns samples, not yet of any loudness
 */
export function synthesizeFrames(
  frames: readonly SpeechFrame[],
  { sampleRate, frameLength, tract, random }: Synthesis,
): Float32Array {
  const samples = new Float32Array(frames.length * frameLength);
  const nyquist = sampleRate / 2;
  const cascade = bandwidths.map(() => new Resonator(sampleRate));
  const used = cascade.filter((_, k) => k < 3 || highFormants[k - 3]! / tract < nyquist - 200);
  used.slice(3).forEach((one, k) => one.tune(highFormants[k]! / tract, bandwidths[k + 3]!));
  const glottis = new Resonator(sampleRate);
  glottis.tune(0, 100);
  const lips = new Resonator(sampleRate);
  let [phase, flow, air] = [0, 0, 0];
  frames.forEach((frame, at) => {
    for (let k = 0; k < 3; k++) used[k]!.tune(frame.formants[k]! / tract, bandwidths[k]!);
    const [loudness, centre, bandwidth] = frame.noise;
    lips.tune(Math.min(centre, nyquist - 300), bandwidth);
    const noise = loudness / lips.deviation;
    const period = sampleRate / frame.pitch;
    for (let i = 0; i < frameLength; i++) {
      phase += 1 / period;
      const isPulse = phase >= 1;
      if (isPulse) phase -= 1;
      const stillAir = air;
      air = random.normal();
      // A pulse has the energy of one period, so that a higher voice is not louder.
      let x =
        glottis.next(isPulse ? frame.voice * Math.sqrt(period) : 0) + frame.breath * 0.05 * air;
      for (const one of used) x = one.next(x);
      // What leaves the lips is the change of the flow.
      const voiced = x - flow;
      flow = x;
      samples[at * frameLength + i] = voiceGain * voiced + noise * lips.next(air - stillAir);
    }
  });
  return samples;
}

export interface Synthesis {
  sampleRate: number;
  frameLength: number;
  tract: number;
  random: RandomStream;
}

/** What a phone sounds like while it is held, for a man's vocal tract. Frequencies in hertz, durations in milliseconds. */
export interface Phone {
  /** How long it lasts at rate 1. */
  duration: number;
  /** The first three resonances of the vocal tract (formants). */
  formants: readonly [number, number, number];
  /** Loudness of the voice, from 0 to 1. */
  voice: number;
  /** Loudness of breath through the vocal tract. */
  breath: number;
  /** Noise at the lips or teeth: its loudness, centre and bandwidth. */
  noise: readonly [loudness: number, centre: number, bandwidth: number];
}

type Formants = Phone['formants'];

const silent = [0, 4000, 2000] as const;

const vowel = (duration: number, formants: Formants): Phone => ({
  duration,
  formants,
  voice: 1,
  breath: 0,
  noise: silent,
});
const glide = (duration: number, formants: Formants, voice = 0.7): Phone => ({
  duration,
  formants,
  voice,
  breath: 0,
  noise: silent,
});
const fricative = (
  duration: number,
  formants: Formants,
  noise: Phone['noise'],
  voice = 0,
): Phone => ({ duration, formants, voice, breath: 0, noise });
const closure = (duration: number, formants: Formants): Phone => ({
  duration,
  formants,
  voice: 0,
  breath: 0,
  noise: silent,
});
const burst = (duration: number, formants: Formants, noise: Phone['noise']): Phone => ({
  duration,
  formants,
  voice: 0,
  breath: 0.15,
  noise,
});

/**
 * The phones of English digits, by their ARPAbet names; stops are a closure (`TCL`, `KCL`) and a burst.
 *
 * Formants of vowels are the men's averages of G. E. Peterson, H. L. Barney, "Control methods used in a study of the
 * vowels", Journal of the Acoustical Society of America 24 (1952), table II. Ends of diphthongs, loci of consonants and
 * the spectra of noises follow D. H. Klatt, "Software for a cascade/parallel formant synthesizer", Journal of the
 * Acoustical Society of America 67 (1980), tables II and III, rounded.
 */
export const phones = {
  IY: vowel(120, [270, 2290, 3010]),
  IH: vowel(100, [390, 1990, 2550]),
  EH: vowel(110, [530, 1840, 2480]),
  AH: vowel(110, [640, 1190, 2390]),
  AO: vowel(140, [570, 840, 2410]),
  UW: vowel(150, [300, 870, 2240]),
  EY1: vowel(80, [480, 2000, 2550]),
  EY2: vowel(80, [330, 2200, 2750]),
  AY1: vowel(110, [700, 1200, 2450]),
  AY2: vowel(80, [350, 2100, 2700]),
  OW1: vowel(90, [540, 1000, 2400]),
  OW2: vowel(90, [370, 800, 2300]),
  W: glide(70, [290, 610, 2150], 0.6),
  R: glide(80, [310, 1060, 1380]),
  N: glide(75, [270, 1400, 2600], 0.45),
  V: fricative(60, [280, 1100, 2300], [0.04, 5000, 5000], 0.4),
  Z: fricative(90, [300, 1600, 2600], [0.18, 5500, 2000], 0.3),
  S: fricative(120, [320, 1600, 2600], [0.4, 5500, 2000]),
  F: fricative(100, [320, 1100, 2300], [0.08, 5000, 6000]),
  TH: fricative(90, [320, 1300, 2600], [0.06, 6000, 4000]),
  TCL: closure(55, [350, 1800, 2600]),
  T: burst(30, [350, 1800, 2600], [0.35, 4500, 2500]),
  KCL: closure(60, [300, 1950, 2400]),
  K: burst(25, [300, 1950, 2400], [0.35, 2000, 700]),
  SIL: closure(60, [500, 1500, 2500]),
} satisfies Record<string, Phone>;

export type PhoneName = keyof typeof phones;

/** How each digit is said. */
export const digitPhones: readonly (readonly PhoneName[])[] = [
  ['Z', 'IH', 'R', 'OW1', 'OW2'],
  ['W', 'AH', 'N'],
  ['TCL', 'T', 'UW'],
  ['TH', 'R', 'IY'],
  ['F', 'AO', 'R'],
  ['F', 'AY1', 'AY2', 'V'],
  ['S', 'IH', 'KCL', 'K', 'S'],
  ['S', 'EH', 'V', 'AH', 'N'],
  ['EY1', 'EY2', 'TCL', 'T'],
  ['N', 'AY1', 'AY2', 'N'],
];

/** The digits in words, by their value. */
export const digitNames: readonly string[] = [
  'zero',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
];

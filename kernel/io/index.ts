/** Files and signals ↔ numbers: WAV, mel features, CSV, MIDI, ABC. Bytes in, bytes out; reading a file is the caller's. */
export { FileFormatError, type Bytes } from './fileFormatError.js';
export { parseWav, toMono, toWav, type Sound, type WavOptions } from './wav.js';
export { resample, type ResampleOptions } from './resample.js';
export { melSpectrogram, mfcc, type MelOptions, type MfccOptions } from './spectrogram.js';
export { griffinLim, type GriffinLimOptions } from './griffinLim.js';
export {
  randomVoice,
  speakDigits,
  type PhoneSegment,
  type Speech,
  type SpeechOptions,
  type SpeechPart,
  type Voice,
} from './speech/speakDigits.js';
export { alignDigits, type AlignDigitsOptions, type DigitAlignment } from './speech/alignDigits.js';
export { estimatePitch, type PitchOptions } from './speech/estimatePitch.js';
export { normalizePeak } from './speech/normalizePeak.js';
export { digitNames } from './speech/phones.js';
export { addNoise, addRoom, type RoomOptions } from './speech/recording.js';
export type { MelScale } from './melScale.js';
export { CsvTable, parseCsv, toCsv, type CsvOptions, type NumbersOptions } from './csv.js';
export {
  beatToSeconds,
  parseMidi,
  toMidi,
  type MetreChange,
  type MidiOptions,
  type Music,
  type Note,
  type NoteToWrite,
  type Tempo,
} from './midi.js';
export { parseAbc, type Metre, type Tune, type TuneNote } from './abc/parseAbc.js';
export type { Mode, TuneKey } from './abc/key.js';
export { findKey, type FoundKey } from './music/findKey.js';
export { keyName, pitchName } from './music/pitchName.js';
export { skyline, type SkylineOptions } from './music/skyline.js';
export { synthesizeNotes, type SynthesizeOptions } from './synthesizeNotes.js';
export { pianoRoll, rollToNotes, type PianoRollOptions } from './pianoRoll.js';
export * from './interchange/index.js';

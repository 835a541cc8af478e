import { parseMidi as readEvents, writeMidi, type MidiData, type MidiEvent } from 'midi-file';
import { OptionError } from '../rnn/errors.js';
import { checkOptions, is, optional } from '../rnn/options.js';
import { FileFormatError, toBytes, type Bytes } from './fileFormatError.js';

/** One note; times in beats (quarter notes). */
export interface Note {
  /** MIDI number: 60 is middle C, each step a semitone. */
  pitch: number;
  start: number;
  duration: number;
  /** Loudness from 1 to 127. */
  velocity: number;
  /** 0 to 15; 9 is drums. */
  channel: number;
  track: number;
}

/** From when on how fast music goes. */
export interface Tempo {
  /** The beat from which it holds. */
  beat: number;
  beatsPerMinute: number;
}

/** From when on how many notes of what kind are in a bar: 6 and 8 for 6/8. */
export interface MetreChange {
  /** The beat from which it holds. */
  beat: number;
  beats: number;
  unit: number;
}

/** The notes, tempos and metres of a MIDI file. */
export interface Music {
  /** By start, then pitch. */
  notes: Note[];
  /** Changes of tempo; 120 beats per minute where none is given. */
  tempos: Tempo[];
  /** Changes of metre; 4/4 where none is given. */
  metres: MetreChange[];
  /** Resolution of the file. */
  ticksPerBeat: number;
}

/**
 * Reads a MIDI file's notes, tempos and metres.
 *
 * A note that is struck again before it ends is ended by the first note-off; one that never ends, by its track's end.
 * Source: MIDI Manufacturers Association, "Standard MIDI files 1.0"
 *
 * @throws FileFormatError if it is no such file, is cut off, or counts time in film frames
 */
export function parseMidi(file: Bytes): Music {
  const data = readFile(toBytes(file));
  const { ticksPerBeat } = data.header;
  if (!ticksPerBeat)
    throw new FileFormatError('parseMidi: expected times in ticks per beat, got film frames');
  const music: Music = { notes: [], tempos: [], metres: [], ticksPerBeat };
  data.tracks.forEach((events, track) => {
    readTrack(events, track, music);
  });
  music.notes.sort((a, b) => a.start - b.start || a.pitch - b.pitch || a.track - b.track);
  music.tempos.sort((a, b) => a.beat - b.beat);
  music.metres.sort((a, b) => a.beat - b.beat);
  return music;
}

function readFile(bytes: Uint8Array): MidiData {
  if (String.fromCharCode(...bytes.subarray(0, 4)) !== 'MThd')
    throw new FileFormatError('parseMidi: expected the bytes of a MIDI file, got something else');
  checkChunks(bytes);
  try {
    return readEvents(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FileFormatError(`parseMidi: the file is broken: ${reason}`, { cause: error });
  }
}

/** The library reads on beyond the end. @throws FileFormatError if a chunk is not all there */
function checkChunks(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const expected = bytes.length >= 14 ? view.getUint16(10) : 1;
  let found = -1;
  for (let at = 0; found < expected; found++) {
    const end = at + 8 <= bytes.length ? at + 8 + view.getUint32(at + 4) : Infinity;
    if (end > bytes.length)
      throw new FileFormatError(
        `parseMidi: the file is cut off in ${found < 0 ? 'its header' : `track ${found + 1} of ${expected}`}`,
      );
    at = end;
  }
}

function readTrack(
  events: readonly MidiEvent[],
  track: number,
  { notes, tempos, metres, ticksPerBeat }: Music,
): void {
  const sounding = new Map<number, Note[]>();
  let beat = 0;
  let ticks = 0;
  for (const event of events) {
    ticks += event.deltaTime;
    if (Number.isNaN(ticks))
      throw new FileFormatError(`parseMidi: track ${track + 1} holds an event that is cut off`);
    beat = ticks / ticksPerBeat;
    if (event.type === 'setTempo')
      tempos.push({ beat, beatsPerMinute: 6e7 / event.microsecondsPerBeat });
    if (event.type === 'timeSignature')
      metres.push({ beat, beats: event.numerator, unit: event.denominator });
    if (event.type !== 'noteOn' && event.type !== 'noteOff') continue;
    const { noteNumber: pitch, velocity, channel } = event;
    if (!(pitch <= 127 && velocity <= 127))
      throw new FileFormatError(`parseMidi: track ${track + 1} holds a note that is cut off`);
    const key = channel * 128 + pitch;
    if (event.type === 'noteOn' && velocity > 0) {
      const note = { pitch, start: beat, duration: 0, velocity, channel, track };
      notes.push(note);
      sounding.set(key, [...(sounding.get(key) ?? []), note]);
    } else {
      const note = sounding.get(key)?.shift();
      if (note) note.duration = beat - note.start;
    }
  }
  for (const note of [...sounding.values()].flat()) note.duration = beat - note.start;
}

/** Seconds from the start to a beat. */
export function beatToSeconds(beat: number, tempos: readonly Tempo[]): number {
  let seconds = 0;
  let from = 0;
  let beatsPerMinute = 120;
  for (const tempo of tempos) {
    if (tempo.beat >= beat) break;
    seconds += ((tempo.beat - from) * 60) / beatsPerMinute;
    from = tempo.beat;
    ({ beatsPerMinute } = tempo);
  }
  return seconds + ((beat - from) * 60) / beatsPerMinute;
}

/** Options of `toMidi`. */
export interface MidiOptions {
  /** Tempo throughout, or its changes. Default 120. */
  tempo?: number | readonly Tempo[];
  /** Resolution: times are rounded to it. Default 480. */
  ticksPerBeat?: number;
}

/** What a note needs to be written: velocity is 80, channel and track 0 where left out. */
export type NoteToWrite = Pick<Note, 'pitch' | 'start' | 'duration'> & Partial<Note>;

/**
 * The bytes of a MIDI file (format 1: tempos in a track of their own, then the notes' tracks).
 * @throws OptionError for a pitch, velocity, channel or time out of range
 */
export function toMidi(notes: readonly NoteToWrite[], options: MidiOptions = {}): Uint8Array {
  checkOptions('toMidi', options, {
    tempo: (value) =>
      value === undefined || Array.isArray(value) || is.positive(value) === undefined
        ? undefined
        : 'a positive number, or a list of tempos',
    ticksPerBeat: optional(is.positiveInteger),
  });
  const { tempo = 120, ticksPerBeat = 480 } = options;
  notes.forEach(checkNote);
  const tempos = typeof tempo === 'number' ? [{ beat: 0, beatsPerMinute: tempo }] : tempo;
  const tracks = [
    toTrack(
      tempos.map(({ beat, beatsPerMinute }) => ({
        tick: Math.round(beat * ticksPerBeat),
        event: {
          deltaTime: 0,
          meta: true,
          type: 'setTempo',
          microsecondsPerBeat: Math.round(6e7 / beatsPerMinute),
        },
      })),
    ),
  ];
  const last = notes.reduce((most, { track = 0 }) => Math.max(most, track), 0);
  for (let track = 0; track <= last; track++)
    tracks.push(
      toTrack(
        notes
          .filter((note) => (note.track ?? 0) === track)
          .flatMap((note) => noteEvents(note, ticksPerBeat)),
      ),
    );
  const header = { format: 1, numTracks: tracks.length, ticksPerBeat } as const;
  return Uint8Array.from(writeMidi({ header, tracks }));
}

interface TimedEvent {
  readonly tick: number;
  readonly event: MidiEvent;
}

function noteEvents(note: NoteToWrite, ticksPerBeat: number): TimedEvent[] {
  const { pitch: noteNumber, start, duration, velocity = 80, channel = 0 } = note;
  const from = Math.round(start * ticksPerBeat);
  // At least a tick long: a note-off at its own note-on would end another note.
  const to = Math.max(from + 1, Math.round((start + duration) * ticksPerBeat));
  return [
    { tick: from, event: { deltaTime: 0, type: 'noteOn', noteNumber, velocity, channel } },
    { tick: to, event: { deltaTime: 0, type: 'noteOff', noteNumber, velocity: 0, channel } },
  ];
}

/** In order of time, at one time ends before starts; from absolute to relative times. */
function toTrack(timed: readonly TimedEvent[]): MidiEvent[] {
  const isStart = ({ event }: TimedEvent): number => (event.type === 'noteOn' ? 1 : 0);
  const sorted = [...timed].sort((a, b) => a.tick - b.tick || isStart(a) - isStart(b));
  const events = sorted.map(({ tick, event }, i) => ({
    ...event,
    deltaTime: tick - (sorted[i - 1]?.tick ?? 0),
  }));
  return [...events, { deltaTime: 0, meta: true, type: 'endOfTrack' }];
}

function checkNote(note: NoteToWrite, i: number): void {
  const { pitch, start, duration, velocity = 80, channel = 0, track = 0 } = note;
  const ranges = {
    pitch: [pitch, 0, 127],
    velocity: [velocity, 1, 127],
    channel: [channel, 0, 15],
    track: [track, 0, 65534],
  } as const;
  for (const [name, [value, low, high]] of Object.entries(ranges))
    if (!Number.isInteger(value) || value < low || value > high)
      throw new OptionError(
        `toMidi: ${name} of note ${i} must be an integer from ${low} to ${high}, got ${value}`,
      );
  for (const [name, value] of Object.entries({ start, duration }))
    if (!(value >= 0) || !Number.isFinite(value))
      throw new OptionError(
        `toMidi: ${name} of note ${i} must be zero or more beats, got ${value}`,
      );
}

/**
 * What a picture's data looks like.
 *
 * A kernel never sends a drawing. It sends domain data under a versioned media type of ours, and beside
 * it always a standard fallback (`vegaLiteMime`, `text/plain`) that other front ends can show.
 * A breaking change of a payload gets a new media type (`.v2+json`); within a version only optional
 * members are added. `schemas.ts` holds a JSON Schema per type; `parsePayload.ts` reads them.
 */

export const lossMime = 'application/vnd.unroll.loss.v1+json';
export const graphMime = 'application/vnd.unroll.graph.v1+json';
export const traceMime = 'application/vnd.unroll.trace.v1+json';
/** Two traces side by side. */
export const comparisonMime = 'application/vnd.unroll.comparison.v1+json';
/** The version of the media type that front ends know; the specification inside is Vega-Lite 6. */
export const vegaLiteMime = 'application/vnd.vegalite.v5+json';

/** Anything that survives `JSON.stringify` unchanged. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * Media type → content. Text types hold a string, `…json` types a JSON value,
 * binary types (`image/png`, `audio/wav`) the bytes.
 */
export type MimeBundle = Record<string, Json | Uint8Array>;

// ---------------------------------------------------------------------------------------------------
// Loss curve

export interface LossPayload {
  version: 1;
  title: string;
  /** What the values are measured in, e.g. `nats per symbol`; becomes the axis title. */
  unit: string;
  /** `running` while more points will come. */
  status: 'running' | 'done' | 'stopped' | 'failed';
  /** With `status: 'running'`: it waits between two steps until the user resumes it. */
  paused?: boolean;
  /** Steps the run was asked for; the step axis reaches this far from the start. */
  totalSteps: number;
  series: LossSeries[];
  /** Horizontal reference lines, e.g. the entropy of a bigram model. */
  baselines?: { name: string; value: number }[];
  /** Events along the run, e.g. a change of the learning rate. */
  marks?: { step: number; text: string }[];
}

/** Columns of equal length; `step` and `seconds` do not decrease. */
export interface LossSeries {
  name: string;
  role: 'training' | 'validation';
  /** Training steps done when the value was measured. */
  step: number[];
  /** Wall time since the run began, in seconds. */
  seconds: number[];
  /** Not-a-number and infinities travel as null (JSON has neither). */
  value: (number | null)[];
}

// ---------------------------------------------------------------------------------------------------
// Unrolled computation graph

/**
 * The network is the same at every time step, so it is sent once, with the number of time steps;
 * whoever draws it unrolls it.
 */
export interface GraphPayload {
  version: 1;
  title: string;
  /** T, the number of time steps that the graph is unrolled over. */
  timeSteps: number;
  /** What stands below and above each time step (at most T each), e.g. the characters read and predicted. */
  inputs?: string[];
  outputs?: string[];
  /** Bottom (next to the input) to top, in the order of computation. */
  layers: GraphLayer[];
}

export interface GraphLayer {
  /** Unique within the graph; the module's path where it has parameters, e.g. `lstm.l0`. */
  name: string;
  /** `Embedding`, `LSTM`, `Linear`, or the operation's name where no module made it. */
  type: string;
  /** Layers whose output this one reads: indices into `layers`, or -1 for the network's input. */
  from: number[];
  /** Shapes at one time step, batch first: `[B, F]`. */
  inputShape: number[];
  outputShape: number[];
  /** Number of trainable scalars. */
  parameters: number;
  /** Present where the layer is recurrent. */
  cell?: GraphCell;
}

/** One time step of a recurrent layer: the cell program. */
export interface GraphCell {
  nodes: GraphNode[];
  /** `next` is the node whose value is this state at the next time step. */
  states: { name: string; shape: number[]; next: string }[];
  /** The node whose value is the layer's output. */
  output: string;
}

export interface GraphNode {
  /** Unique within the cell. A state's node has the id of its name. */
  id: string;
  kind: 'input' | 'state' | 'parameter' | 'operation';
  /** The primitive's name, for `kind: 'operation'`. */
  op?: string;
  /** The literature's name for the value: `i f g o c h`, `r z n`. */
  label?: string;
  /** Operand nodes, in order. */
  inputs: string[];
  shape: number[];
  /** The node in one line, e.g. `f = sigmoid(a[1])`. */
  equation: string;
}

import type { TraceData, TraceMath } from '../../kernel/contract/trace.js';
import { formatCount, formatValue } from '../format.js';
import type { Reading } from './reading.js';

const bare = { formula: undefined, strips: [], parts: [], check: undefined };

/** What is said at the loss, between the two phases. */
export function readLoss({ loss }: TraceData): Reading {
  const value = formatValue(loss.value);
  const terms = loss.measuredAt.length;
  const text = `L = ${value}`;
  return {
    ...bare,
    phase: 'loss',
    head: 'Loss',
    subject: `measured at ${formatCount(terms)} ${terms === 1 ? 'time step' : 'time steps'}`,
    math: equality({ tag: 'mi', text: 'L' }, value),
    equation: text,
    notes: ['Forward ends here; from here adjoints flow back through time.'],
    spoken: `Loss ${value}, measured at ${terms} time steps. From here adjoints flow back.`,
  };
}

/** What is said at the end: the gradient of all parameters. */
export function readEnd({ gradient, clip }: TraceData): Reading {
  const norm = formatValue(gradient.norm);
  return {
    ...bare,
    phase: 'end',
    head: 'Gradient',
    subject: 'of all parameters, summed over time',
    math: equality(
      {
        tag: 'mrow',
        children: [
          { tag: 'mo', text: '‖' },
          {
            tag: 'mfrac',
            children: [
              {
                tag: 'mrow',
                children: [
                  { tag: 'mo', text: '∂' },
                  { tag: 'mi', text: 'L' },
                ],
              },
              {
                tag: 'mrow',
                children: [
                  { tag: 'mo', text: '∂' },
                  { tag: 'mi', text: 'θ' },
                ],
              },
            ],
          },
          { tag: 'mo', text: '‖' },
        ],
      },
      norm,
    ),
    equation: `‖∂L/∂θ‖ = ${norm}`,
    parts: gradient.parameters
      .filter(({ gradientNorm }) => gradientNorm !== null)
      .map(({ name, gradientNorm }) => ({ origin: 'use' as const, name, norm: gradientNorm! })),
    notes: clip
      ? [
          clip.fired
            ? `Clipped: the norm is above ${clip.maxNorm}, gradients are scaled by ${formatValue(clip.factor)}.`
            : `Not clipped: the norm is at most ${clip.maxNorm}.`,
        ]
      : [],
    spoken: `End: the norm of the gradient is ${norm}.`,
  };
}

const equality = (left: TraceMath, right: string): TraceMath => ({
  tag: 'mrow',
  children: [left, { tag: 'mo', text: '=' }, { tag: 'mn', text: right }],
});

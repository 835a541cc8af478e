import { OptionError, ShapeError } from '../rnn/errors.js';
import { showShape } from '../rnn/ndarray.js';
import { checkOptions, optional } from '../rnn/options.js';
import { Tensor } from '../rnn/tensor.js';
import type { Translation } from '../rnn/modules/seq2seq/seq2seq.js';

/** Options of `attentionChart`. */
export interface AttentionChartOptions {
  /** Stands above the picture. Default: the translation. */
  title?: string;
}

/**
 * Attention as alignment, as a Vega-Lite picture: a row for each symbol that was said, a column for each that was read, and the
 * more attention, the stronger the colour.
 *
 * @param translation what `Seq2Seq.translate` gave: `source` and `target` symbols, `attention` `[target, source]`
 * @throws OptionError where no attention was paid, ShapeError where it does not fit the symbols
 * @example
 * display(vegaLite(attentionChart(model.translate('guten tag', { from: german, to: english }))));
 */
export function attentionChart(
  translation: Pick<Translation, 'source' | 'target' | 'text' | 'attention'>,
  options: AttentionChartOptions = {},
): object {
  checkOptions('attentionChart', options, {
    title: optional((value) => (typeof value === 'string' ? undefined : 'a text')),
  });
  const { source, target, text, attention } = translation;
  if (!(attention instanceof Tensor))
    throw new OptionError('attentionChart: expected a translation of a model with attention');
  const [rows, columns] = [target.length, source.length];
  if (attention.shape.length !== 2 || attention.shape[0] !== rows || attention.shape[1] !== columns)
    throw new ShapeError(
      `attentionChart: attention is ${showShape(attention.shape)}, expected ${showShape([rows, columns])}: said, read`,
    );
  // Symbols may come twice, so places are what is drawn, and symbols are what they are called.
  const axis = (symbols: readonly string[]) => ({
    title: null,
    labelExpr: `${JSON.stringify(symbols)}[datum.value]`,
  });
  return {
    title: { text: options.title ?? text, anchor: 'start' },
    width: { step: 28 },
    height: { step: 18 },
    data: {
      values: Array.from(attention.data, (weight, i) => ({
        column: i % columns,
        row: Math.floor(i / columns),
        weight,
      })),
    },
    mark: 'rect',
    encoding: {
      x: {
        field: 'column',
        type: 'ordinal',
        axis: { ...axis(source), orient: 'top', labelAngle: -45 },
      },
      y: { field: 'row', type: 'ordinal', axis: axis(target) },
      color: { value: '#3b96e0' },
      opacity: {
        field: 'weight',
        type: 'quantitative',
        scale: { domain: [0, 1], range: [0, 1] },
        legend: null,
      },
    },
  };
}

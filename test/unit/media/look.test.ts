import assert from 'node:assert/strict';
import { contrast, mix, parseColour, toCss, withContrast } from '../../../media/colour.js';
import {
  countOf,
  formatCount,
  formatDuration,
  formatPace,
  formatValue,
} from '../../../media/format.js';
import { shorten } from '../../../media/shorten.js';
import { spread, spreadWithin } from '../../../media/spread.js';
import { type ThemeKind, toTheme } from '../../../media/theme.js';
import { toVisibleText } from '../../../media/visibleText.js';

const white = { red: 255, green: 255, blue: 255 };
const black = { red: 0, green: 0, blue: 0 };

describe('colours', () => {
  const cases: [string, string | undefined][] = [
    ['#fff', '#ffffff'],
    ['#1A85FF', '#1a85ff'],
    ['#00000080', '#7f7f7f'],
    ['rgb(1, 2, 3)', '#010203'],
    ['rgba(0, 0, 0, 0.5)', '#808080'],
    ['rgb(0 0 0 / 50%)', '#808080'],
    ['red', undefined],
    ['', undefined],
    ['#12345', undefined],
    ['rgb(1, 2)', undefined],
  ];
  for (const [text, expected] of cases) {
    it(`reads ${text === '' ? 'nothing' : text} as ${expected ?? 'no colour'}`, () => {
      const colour = parseColour(text);
      assert.equal(colour && toCss(colour), expected);
    });
  }

  it('contrast as WCAG has it', () => {
    assert.equal(contrast(black, white), 21);
    assert.equal(contrast(white, white), 1);
    assert.ok(Math.abs(contrast(parseColour('#767676')!, white) - 4.54) < 0.01);
  });

  it('gain contrast only as far as needed', () => {
    const orange = parseColour('#d18616')!;
    const changed = withContrast(orange, white, 4.5);
    assert.ok(contrast(changed, white) >= 4.5 && contrast(changed, white) < 5.5);
    assert.deepEqual(withContrast(orange, black, 4.5), orange);
  });

  it('mix from one end to the other', () => {
    assert.deepEqual(mix(black, white, 0), black);
    assert.deepEqual(mix(black, white, 1), white);
  });
});

describe('theme', () => {
  const vscode: Record<ThemeKind, Record<string, string>> = {
    light: {
      '--vscode-editor-background': '#ffffff',
      '--vscode-editor-foreground': '#3b3b3b',
      '--vscode-charts-blue': '#1a85ff',
      '--vscode-charts-orange': '#d18616',
    },
    dark: {
      '--vscode-editor-background': '#1f1f1f',
      '--vscode-editor-foreground': '#cccccc',
      '--vscode-charts-blue': '#3794ff',
      '--vscode-charts-orange': '#d18616',
    },
    highContrastLight: {
      '--vscode-editor-background': '#ffffff',
      '--vscode-editor-foreground': '#292929',
    },
    highContrastDark: {
      '--vscode-editor-background': '#000000',
      '--vscode-editor-foreground': '#ffffff',
    },
  };

  for (const kind of Object.keys(vscode) as ThemeKind[]) {
    for (const [where, variables] of [
      ["VS Code's", vscode[kind]],
      ['no', {} as Record<string, string>],
    ] as const) {
      it(`${kind} with ${where} variables has enough contrast`, () => {
        const theme = toTheme(kind, (name) => variables[name] ?? '');
        const background = parseColour(theme.background)!;
        const ratio = (text: string) => contrast(parseColour(text)!, background);
        for (const colour of [theme.muted, theme.error, ...Object.values(theme.textPalette)]) {
          assert.ok(ratio(colour) >= 4.45, `${colour} ${ratio(colour)}`);
        }
        for (const colour of [theme.line, ...Object.values(theme.palette)]) {
          assert.ok(ratio(colour) >= 2.95, `${colour} ${ratio(colour)}`);
        }
        for (const tint of Object.values(theme.tint)) {
          const onTint = contrast(parseColour(theme.foreground)!, parseColour(tint)!);
          assert.ok(onTint >= 4.5, `text on ${tint} ${onTint}`);
        }
      });
    }
  }

  it('draws lines in a hue that VS Code lays thinly over code', () => {
    const theme = toTheme('dark', (name) => (name === '--vscode-charts-orange' ? '#d186167a' : ''));
    assert.equal(theme.palette.orange, '#d18616');
  });

  it("takes VS Code's own colour where it has the contrast", () => {
    const theme = toTheme('dark', (name) => vscode.dark[name] ?? '');
    assert.equal(theme.palette.blue, '#3794ff');
    assert.equal(theme.background, '#1f1f1f');
  });
});

describe('spread', () => {
  it('leaves alone what has room', () => {
    assert.deepEqual(
      spread([
        { wanted: 10, size: 10 },
        { wanted: 30, size: 10 },
      ]),
      [10, 30],
    );
  });

  it('moves what overlaps apart equally, in the given order', () => {
    assert.deepEqual(
      spread([
        { wanted: 10, size: 10 },
        { wanted: 10, size: 10 },
      ]),
      [5, 15],
    );
    assert.deepEqual(
      spread([
        { wanted: 20, size: 10 },
        { wanted: 10, size: 10 },
      ]),
      [10, 20],
    );
  });

  it('moves what weighs more less', () => {
    const [heavy] = spread([
      { wanted: 10, size: 10, weight: 1e6 },
      { wanted: 10, size: 10 },
    ]);
    assert.ok(Math.abs(heavy! - 10) < 1e-3);
  });

  it('stays within its bounds where everything fits', () => {
    const middles = spreadWithin(
      [0, 0, 0].map((wanted) => ({ wanted, size: 10 })),
      0,
      100,
    );
    assert.deepEqual(middles, [5, 15, 25]);
    assert.deepEqual(
      spreadWithin(
        [99, 99].map((wanted) => ({ wanted, size: 10 })),
        0,
        100,
      ),
      [85, 95],
    );
    assert.deepEqual(spreadWithin([], 0, 1), []);
  });
});

describe('numbers as text', () => {
  it('gives values about four significant digits', () => {
    const texts = [1.5234, 0, -0.0123456, 123.456, 99_999.4, 3.21e-7, 1e9, null].map(formatValue);
    assert.deepEqual(texts, [
      '1.523',
      '0',
      '−0.0123',
      '123.5',
      '99999',
      '3.21e−7',
      '1.00e9',
      'not finite',
    ]);
  });

  it('gives durations in the units that a reader thinks in', () => {
    const texts = [0, 0.42, 9.94, 9.96, 59.4, 59.6, 200, 3600, 7500, 359_990].map(formatDuration);
    assert.deepEqual(texts, [
      '0.0 s',
      '0.4 s',
      '9.9 s',
      '10 s',
      '59 s',
      '1 min',
      '3 min 20 s',
      '1 h 00 min',
      '2 h 05 min',
      '100 h 00 min',
    ]);
  });

  it('gives a pace per step, and counts with their noun', () => {
    assert.deepEqual([0.0352, 0.00123, 1.234].map(formatPace), [
      '35 ms/step',
      '1.2 ms/step',
      '1.2 s/step',
    ]);
    assert.equal(countOf(1, 'layer'), '1 layer');
    assert.equal(countOf(33_280, 'parameter'), '33,280 parameters');
    assert.equal(formatCount(1_000_000), '1,000,000');
  });
});

describe('texts of others', () => {
  it('show white space, control and formatting characters', () => {
    const cases: [string, string][] = [
      [' ', '␣'],
      ['\n', '⏎'],
      ['a\tb', 'a⇥b'],
      ['', '∅'],
      ['\u0000', '␀'],
      ['\u202e', '⟨202E⟩'],
      ['\u200b', '⟨200B⟩'],
      ['ä😀', 'ä😀'],
      ['\ud800', '⟨D800⟩'],
    ];
    for (const [text, expected] of cases) assert.equal(toVisibleText(text), expected);
  });

  it('are shortened without half a character', () => {
    assert.equal(shorten('hidden state', 7), 'hidden…');
    assert.equal(shorten('😀😀😀', 2), '😀…');
    assert.equal(shorten('😀😀', 2), '😀😀');
  });
});

import assert from 'node:assert/strict';
import { redact } from '../../../src/firstHours/redact.js';

/** Put together, as files of the project hold no paths of a machine. */
const homes = ['', 'home'].join('/');
const users = ['', 'Users'].join('/');
const ada = `${homes}/ada`;

describe('redact', () => {
  const cases: [what: string, text: string, home: string, expected: string][] = [
    ['the home', `in ${ada}/x.ts`, ada, 'in ~/x.ts'],
    ['the home alone', `cwd=${ada}`, ada, 'cwd=~'],
    ['an address', `file://${ada}%20l/x`, `${ada} l`, 'file://~/x'],
    ['Windows', `C:\\Users\\ada\\x c:${users}/ada/x`, 'C:\\Users\\ada', '~\\x ~/x'],
    ['JSON of Windows', '"C:\\\\Users\\\\ada\\\\x"', 'C:\\Users\\ada', '"~\\\\x"'],
    ['another one’s home', `at ${users}/grace/y`, ada, `at ${users}/…/y`],
    ['a longer name, which is another one’s', `${ada}2/x`, ada, `${homes}/…/x`],
    ['no home at all', '/opt/x', '/', '/opt/x'],
  ];
  for (const [what, text, home, expected] of cases)
    it(`leaves out ${what}`, () => {
      assert.equal(redact(text, home, []), expected);
    });

  it('names the workspace, also inside the home', () => {
    const folders = [[`${ada}/secret`, '<workspace 1>']] as const;
    assert.equal(redact(`${ada}/secret/a.ts ${ada}/b`, ada, folders), '<workspace 1>/a.ts ~/b');
  });
});

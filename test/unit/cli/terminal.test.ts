import assert from 'node:assert/strict';
import { Terminal, type TextStream } from '../../../kernel/cli/terminal.js';

class FakeStream implements TextStream {
  text = '';
  columns = 20;
  constructor(readonly isTTY: boolean) {}
  write(text: string | Uint8Array): void {
    this.text += typeof text === 'string' ? text : Buffer.from(text).toString();
  }
}

function open(isTTY: boolean): { terminal: Terminal; screen: FakeStream } {
  const screen = new FakeStream(isTTY);
  return { terminal: new Terminal({ stdout: screen, stderr: screen }), screen };
}

describe('Terminal', () => {
  it('shows how far the run is below the text, cut to the width, and takes it away', () => {
    const { terminal, screen } = open(true);
    terminal.status(() => '[1/2] notebook.ipynb  \u001b[31m3 s\u001b[0m const model = …');
    assert.equal(screen.text, '\r\u001b[2K[1/2] notebook.ipyn');
    terminal.write('stdout', 'line\n');
    terminal.status(undefined);
    assert.ok(screen.text.endsWith('\r\u001b[2Kline\n'));
  });

  it('does not write over a line that has not ended', () => {
    const { terminal, screen } = open(true);
    terminal.write('stdout', 'question: ');
    terminal.status(() => 'status');
    assert.equal(screen.text, 'question: ');
    terminal.status(undefined);
  });

  it('says nothing of its own where there is no terminal', () => {
    const { terminal, screen } = open(false);
    terminal.status(() => 'status');
    terminal.notice('done');
    terminal.write('stdout', Buffer.from('text\n'));
    terminal.status(undefined);
    assert.equal(screen.text, 'text\n');
  });
});

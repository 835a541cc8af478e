import assert from 'node:assert/strict';
import { capabilities } from '../../../kernel/language/capabilities.js';

describe('what the language server offers', () => {
  it('asks for no list where there mostly is none: VS Code would drop that of the word which follows', () => {
    const { completionProvider } = capabilities(undefined).capabilities;
    const triggers = completionProvider?.triggerCharacters ?? [];
    assert.ok(triggers.includes('.'));
    assert.deepEqual(
      triggers.filter((one) => /[\s<>()=+,;:{}]/.test(one)),
      [],
    );
  });
});

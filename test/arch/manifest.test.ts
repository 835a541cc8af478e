import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Command {
  command: string;
  category?: string;
  title: string;
}
interface Setting {
  type: string | string[];
  default: unknown;
  scope?: string;
  enum?: string[];
  description?: string;
  markdownDescription?: string;
}
interface Step {
  id: string;
  description: string;
  media: { image: Record<string, string>; altText: string };
  completionEvents: string[];
}
interface Manifest {
  activationEvents: string[];
  dependencies?: object;
  contributes: {
    commands: Command[];
    menus: Record<string, { command?: string; when?: string }[]>;
    keybindings: { command: string; key: string; when?: string }[];
    configuration: { properties: Record<string, Setting> };
    walkthroughs: { id: string; steps: Step[] }[];
  };
}

const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Manifest;
const { commands, menus, keybindings, configuration, walkthroughs } = manifest.contributes;
const ours = new Set(commands.map(({ command }) => command));

function sourcesUnder(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(folder, file));
}
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

describe('the manifest', () => {
  it('has every command under “Unroll:”, in title case, and each is registered', () => {
    const registered = sourcesUnder('src').map(read).join('\n');
    for (const { command, category, title } of commands) {
      assert.equal(category, 'Unroll', command);
      assert.match(command, /^unroll\.[a-zA-Z.]+$/);
      assert.match(title, /^[A-Z]/, command);
      const name = command.slice('unroll.'.length);
      const steered = /^(pause|resume|stop)Training$/.test(name);
      assert.ok(steered || registered.includes(`'${command}'`), `${command} is registered`);
    }
    for (const one of Object.values(menus).flat())
      if (one.command?.startsWith('unroll.')) assert.ok(ours.has(one.command), one.command);
  });

  it('has settings that a search finds: named, with a default of their type and a sentence', () => {
    for (const [name, setting] of Object.entries(configuration.properties)) {
      assert.match(name, /^unroll\.[a-z][a-zA-Z]+\.[a-z][a-zA-Z]+$/);
      const text = setting.markdownDescription ?? setting.description ?? '';
      assert.ok(text.length > 40, `${name}: ${text}`);
      assert.match(text, /^[A-Z][^]*\.$/, `${name} is described in sentences`);
      const type = typeof setting.default === 'number' ? 'integer' : typeof setting.default;
      assert.ok([setting.type].flat().includes(type), `${name}: the default is a ${type}`);
      if (setting.enum) assert.ok(setting.enum.includes(String(setting.default)), name);
      assert.ok(setting.scope, `${name} says where it may be set`);
    }
  });

  it('binds keys only where a notebook of ours has the focus', () => {
    for (const { command, key, when = '' } of keybindings) {
      assert.ok(ours.has(command), command);
      assert.match(when, /notebookEditorFocused|notebookEditor\b|editorFocus/, key);
      assert.match(when, /unroll/, `${key} is for our notebooks`);
      // A single letter is text where a cell is edited.
      if (/^[a-z0-9]( |$)/.test(key)) assert.match(when, /!inputFocus/);
    }
  });

  it('has a walkthrough of five steps, each with pictures, a way to go, and a way to be done', () => {
    const [walkthrough, ...others] = walkthroughs;
    assert.ok(walkthrough && others.length === 0);
    assert.deepEqual(
      walkthrough.steps.map(({ id }) => id),
      ['open', 'run', 'watch', 'inspect', 'own'],
    );
    const contexts = sourcesUnder('src/firstHours').map(read).join('\n');
    for (const { id, description, media, completionEvents } of walkthrough.steps) {
      for (const kind of ['light', 'dark', 'hc', 'hcLight'])
        assert.ok(existsSync(path.join(root, media.image[kind] ?? 'none')), `${id}: ${kind}`);
      assert.ok(media.altText.length > 20, id);
      const linked = [...description.matchAll(/\(command:([\w.]+)/g)].map(([, command]) => command);
      assert.ok(linked.length > 0, `${id} has a button`);
      for (const command of linked)
        assert.ok(ours.has(command!) || command === 'notebook.execute', command);
      for (const event of completionEvents) {
        const [kind, what = ''] = event.split(':');
        const isKnown = kind === 'onCommand' ? ours.has(what) : contexts.includes(`'${what}'`);
        assert.ok(isKnown, `${id}: ${event}`);
      }
    }
  });

  it('wakes the extension with notebooks only, and brings no packages that run', () => {
    for (const event of manifest.activationEvents) assert.match(event, /^onNotebook:/);
    assert.equal(manifest.dependencies, undefined);
  });
});

describe('telemetry', () => {
  const network = /from 'node:(http|https|http2|tls|dgram|dns)'|\bfetch\(|\bWebSocket\(|sendBeacon/;
  const telemetry = /createTelemetryLogger|TelemetryReporter|applicationinsights/;

  it('is none: no source of ours speaks to a network', () => {
    const found = ['src', 'kernel', 'media'].flatMap(sourcesUnder).filter((file) => {
      const text = read(file);
      return network.test(text) || telemetry.test(text);
    });
    assert.deepEqual(found, []);
  });

  it('opens sockets only for the interrupt pipe and, on loopback, for a debugger', () => {
    const found = ['src', 'kernel', 'media']
      .flatMap(sourcesUnder)
      .filter((file) => read(file).includes("from 'node:net'"));
    assert.deepEqual(found, [
      path.join('src', 'debug', 'inspectorRelay.ts'),
      path.join('kernel', 'session', 'interruptWorker.ts'),
    ]);
  });
});

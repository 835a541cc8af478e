import assert from 'node:assert/strict';
import { highlight } from '../../../kernel/cli/html/highlight.js';
import { markdownToHtml } from '../../../kernel/cli/html/markdown.js';
import { sanitizeHtml } from '../../../kernel/cli/html/sanitize.js';
import { ansiToHtml, stripAnsi } from '../../../kernel/notebook/ansi.js';

describe('markdownToHtml', () => {
  const cases: [what: string, markdown: string, html: string][] = [
    ['headings', '# One\nTwo\n===\n### Three ###', '<h1>One</h1>\n<h1>Two</h1>\n<h3>Three</h3>'],
    ['paragraphs', 'a\nb\n\nc', '<p>a\nb</p>\n<p>c</p>'],
    [
      'emphasis',
      '*a* **b** _c_ __d__ ~~e~~ 2 * 3 * 4',
      '<p><em>a</em> <strong>b</strong> <em>c</em> <strong>d</strong> <del>e</del> 2 * 3 * 4</p>',
    ],
    ['code', '`a <b> *c*` ``d ` e``', '<p><code>a &lt;b&gt; *c*</code> <code>d ` e</code></p>'],
    [
      'fences',
      '```ts\nconst a = 1 < 2;\n# no heading\n```\nend',
      '<pre><code class="language-ts">const a = 1 &lt; 2;\n# no heading</code></pre>\n<p>end</p>',
    ],
    [
      'lists',
      '- a\n- b\n  - c\n\n3. x\n4. y',
      '<ul><li>a</li><li>b\n<ul><li>c</li></ul></li></ul>\n<ol start="3"><li>x</li><li>y</li></ol>',
    ],
    [
      'tables',
      '| a | b |\n|:-:|--:|\n| 1 | `x\\|y` |',
      '<table><thead><tr><th style="text-align:center">a</th><th style="text-align:right">b</th></tr></thead><tbody><tr><td style="text-align:center">1</td><td style="text-align:right"><code>x|y</code></td></tr></tbody></table>',
    ],
    ['quotes and rules', '> a\n> b\n\n---', '<blockquote><p>a\nb</p></blockquote>\n<hr>'],
    [
      'links and pictures',
      '[a *b*](https://x.y/?a=1&b=2 "t") ![alt](p.png) <https://z.w>',
      '<p><a href="https://x.y/?a=1&amp;b=2">a <em>b</em></a> <img src="p.png" alt="alt"/> <a href="https://z.w">https://z.w</a></p>',
    ],
    ['escapes', '\\*a\\* <b>&amp;', '<p>*a* &lt;b&gt;&amp;amp;</p>'],
    ['addresses that would run', '[x](javascript:alert(1))', '<p><a>x</a>)</p>'],
  ];
  for (const [what, markdown, html] of cases)
    it(`draws ${what}`, () => {
      assert.equal(markdownToHtml(markdown), html);
    });

  it('draws formulas as MathML, and leaves what is none as written', () => {
    assert.match(
      markdownToHtml('with $a_1 * b_1$ and 5$ or 6$'),
      /^<p>with <math><mrow>.*<msub><mi>a<\/mi><mn>1<\/mn><\/msub>.*<\/math> and 5\$ or 6\$<\/p>$/s,
    );
    const displayed = /^<p><math display="block"[^]*<mfrac>[^]*&lt;[^]*<\/math><\/p>$/;
    assert.match(markdownToHtml('$$\n\\frac{x}{y} < 1\n$$'), displayed);
    assert.match(markdownToHtml('$$\\frac{x}{y} < 1$$'), displayed);
    assert.match(
      markdownToHtml('in a $$x < y$$ line'),
      /^<p>in a <math display="block".*line<\/p>$/s,
    );
    assert.equal(
      markdownToHtml('$\\frac{<$ and $\\href{javascript:alert(1)}{x}$').includes('<a '),
      false,
    );
    assert.match(
      markdownToHtml('$\\frac{<b>$'),
      /<code class="formula">\$\\frac\{&lt;b&gt;\$<\/code>/,
    );
  });

  it('takes no longer than its text is long', () => {
    for (const hard of [
      '*'.repeat(5000),
      '['.repeat(5000),
      '`'.repeat(5001),
      '> '.repeat(2000),
      '<a '.repeat(5000),
      '$'.repeat(5000),
    ])
      assert.ok(markdownToHtml(hard).length > 0);
  }).timeout(5000);
});

describe('sanitizeHtml', () => {
  const cases: [what: string, source: string, html: string][] = [
    [
      'keeps what only shows',
      '<p class="a" style="color:red">a &amp; <b>b</b><br>c</p>',
      '<p class="a" style="color:red">a &amp; <b>b</b><br/>c</p>',
    ],
    ['drops script with its content', 'a<script type="x">alert("</b>")</script>b<SCRIPT>x', 'ab'],
    [
      'drops handlers',
      '<img src="data:image/png;base64,AA" onerror=alert(1) ONLOAD=\'x\'>',
      '<img src="data:image/png;base64,AA"/>',
    ],
    [
      'drops addresses that run',
      '<a href=" java\nscript:alert(1)">x</a><a href="&#106;avascript:x">y</a><a href="data:text/html,x">z</a>',
      '<a>x</a><a>y</a><a>z</a>',
    ],
    [
      'keeps addresses that lead somewhere',
      '<a href="https://a.b/?c&amp;d">x</a><a href="#y">y</a><a href="f/g.txt">z</a>',
      '<a href="https://a.b/?c&amp;d">x</a><a href="#y">y</a><a href="f/g.txt">z</a>',
    ],
    ['closes what is open', '<table><tr><td>a', '<table><tr><td>a</td></tr></table>'],
    ['closes nothing that is not open', '</div></main>a</b>', 'a'],
    [
      'unwraps what would reach the page',
      '<form action="x"><base href="y"><meta http-equiv="refresh"><link rel="z">a</form>',
      'a',
    ],
    ['drops comments, also open ones', 'a<!-- <b> -->b<!-- c', 'ab'],
    ['keeps a stray bracket as text', '1 < 2 > 0 <3', '1 &lt; 2 &gt; 0 &lt;3'],
    [
      'drops what covers the page',
      '<div style="position: fixed; inset: 0">a</div>',
      '<div>a</div>',
    ],
    [
      'drops embedded pages',
      '<iframe srcdoc="<b>x</b>">y</iframe><object data="z">w</object>a',
      'a',
    ],
  ];
  for (const [what, source, html] of cases)
    it(what, () => {
      assert.equal(sanitizeHtml(source), html);
    });
});

describe('highlight', () => {
  it('marks keywords, strings, numbers and comments, and loses nothing', () => {
    const source = 'const s = `a ${1}` + "b"; // const <c>\nobject.class = 0x1f; /* d */';
    const html = highlight(source);
    assert.equal(
      html,
      '<span class="keyword">const</span> s = <span class="string">`a ${1}`</span> + <span class="string">&quot;b&quot;</span>; ' +
        '<span class="comment">// const &lt;c&gt;</span>\nobject.class = <span class="number">0x1f</span>; <span class="comment">/* d */</span>',
    );
  });
});

describe('ansiToHtml', () => {
  const cases: [what: string, text: string, html: string][] = [
    ['plain text', 'a <b>', 'a &lt;b&gt;'],
    [
      'a colour and its end',
      '\u001b[31mred\u001b[39m plain',
      '<span style="color:#cd3131">red</span> plain',
    ],
    [
      'several styles',
      '\u001b[1;4;92mx\u001b[0my',
      '<span style="color:#1a9c5b;font-weight:bold;text-decoration:underline">x</span>y',
    ],
    [
      'one of 256 colours, and any',
      '\u001b[38;5;196ma\u001b[48;2;1;2;3mb\u001b[m',
      '<span style="color:rgb(255,0,0)">a</span><span style="color:rgb(255,0,0);background:rgb(1,2,3)">b</span>',
    ],
    ['other sequences', 'a\u001b[2Kb\u001b]0;title\u0007c\u001b[1A', 'abc'],
    ['an attack', '\u001b[38;2;1;2;"onload=1m<x>', 'onload=1m&lt;x&gt;'],
  ];
  for (const [what, text, html] of cases)
    it(`draws ${what}`, () => {
      const drawn = ansiToHtml(text);
      if (what === 'an attack') assert.ok(!drawn.includes('style'), drawn);
      else assert.equal(drawn, html);
    });

  it('has a counterpart that only strips', () => {
    assert.equal(stripAnsi('\u001b[31mred\u001b[0m\u001b[K'), 'red');
  });
});

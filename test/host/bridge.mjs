/**
 * Lets the tests, which run inside VS Code's extension host, see and use the window they run in: a
 * loopback HTTP server, guarded by a random token, over a Playwright page. The client, and the meaning of
 * each call, is test/extension/host.ts.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const frameAnswersWithin = 5_000;
const pollEvery = 100;
const selectorAppearsWithin = 10_000;

/**
 * @param openPage resolves to the Playwright page of the window, once there is one
 * @param pictureFolder where screenshots go
 * @returns `{ env, close }`; `env` is what the client needs to find the bridge
 */
export async function startBridge(openPage, pictureFolder) {
  const token = randomBytes(24).toString('hex');
  const server = createServer((request, response) => {
    answer(request, token, openPage, pictureFolder).then(
      ({ status, body }) => respond(response, status, body),
      (error) => respond(response, 500, { error: error.message }),
    );
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    env: {
      UNROLL_BRIDGE_URL: `http://127.0.0.1:${server.address().port}/`,
      UNROLL_BRIDGE_TOKEN: token,
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(request, token, openPage, pictureFolder) {
  if (!isAllowed(request.headers.authorization, token)) {
    return { status: 403, body: { error: 'The bridge: wrong token.' } };
  }
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  const { call, ...parameters } = JSON.parse(text);
  if (!Object.hasOwn(calls, call)) {
    return { status: 404, body: { error: `The bridge has no call "${call}".` } };
  }
  const page = await openPage();
  return {
    status: 200,
    body: { value: await calls[call](page, { ...parameters, pictureFolder }) },
  };
}

function isAllowed(header, token) {
  const wanted = Buffer.from(`Bearer ${token}`);
  const came = Buffer.from(header ?? '');
  return came.length === wanted.length && timingSafeEqual(came, wanted);
}

function respond(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

const calls = {
  screenshot,
  evaluateInFrames: (page, { expression }) => evaluateInFrames(page, expression),
  waitForFrame,
  click: async (page, { selector, ...options }) =>
    (await visible(page, selector)).click({ timeout: selectorAppearsWithin, ...options }),
  hover: async (page, { selector }) =>
    (await visible(page, selector)).hover({ timeout: selectorAppearsWithin }),
  press: (page, { key }) => page.keyboard.press(key),
  type: (page, { text }) => page.keyboard.type(text),
};

/** A PNG of the window, or of the first visible element of the selector. */
async function screenshot(page, { name, scale = 1, selector, height, pictureFolder }) {
  if (!/^[\w-]+$/.test(name)) {
    throw new Error(`screenshot: the name "${name}" must be letters, digits, - and _ only.`);
  }
  mkdirSync(pictureFolder, { recursive: true });
  const file = path.join(pictureFolder, `${name}.png`);
  const target = selector === undefined ? page : await visible(page, selector);
  if (scale === 1 && height === undefined)
    await target.screenshot({ path: file, animations: 'disabled' });
  else writeFileSync(file, await finePicture(page, target, scale, height));
  return file;
}

/** What VS Code takes to lay out a window of another height. */
const layOutWithin = 1_500;

/**
 * Drawn with `scale` device pixels for each CSS pixel, which Playwright fixes when a window opens.
 * @param height of the window while the picture is taken
 */
async function finePicture(page, target, scale, height) {
  const own = page.viewportSize();
  const size = { ...own, ...(height !== undefined && { height }) };
  const session = await sessionOf(page);
  const drawAt = async (deviceScaleFactor, viewport) => {
    await session.send('Emulation.setDeviceMetricsOverride', {
      ...viewport,
      mobile: false,
      deviceScaleFactor,
    });
    if (size.height !== own.height) await sleep(layOutWithin);
  };
  try {
    await drawAt(scale, size);
    const box = target === page ? null : await target.boundingBox();
    const { data } = await session.send('Page.captureScreenshot', {
      format: 'png',
      clip: { ...(box ?? { x: 0, y: 0, ...size }), scale: 1 },
    });
    return Buffer.from(data, 'base64');
  } finally {
    await drawAt(1, own);
  }
}

/** One session for a page, for good: when a session is detached, the page's size goes with it. */
const sessions = new WeakMap();
async function sessionOf(page) {
  if (!sessions.has(page)) sessions.set(page, await page.context().newCDPSession(page));
  return sessions.get(page);
}

/**
 * The value of the expression in every frame of the window, without those that are null or undefined.
 * Frames come and go while VS Code draws, so a frame that can't answer is passed over; an expression that
 * throws in every frame is an error.
 */
async function evaluateInFrames(page, expression) {
  const answers = await Promise.allSettled(
    page.frames().map((frame) => Promise.race([frame.evaluate(expression), noAnswer()])),
  );
  const values = answers.filter((one) => one.status === 'fulfilled').map((one) => one.value);
  if (values.length === 0) throw answers[0].reason;
  return values.filter((value) => value !== null && value !== undefined);
}

async function noAnswer() {
  await sleep(frameAnswersWithin, undefined, { ref: false });
  throw new Error(`A frame did not answer within ${frameAnswersWithin / 1000} s.`);
}

/** The first truthy value of the expression in any frame. */
export async function waitForFrame(page, { expression, timeoutMs }) {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const value = (await evaluateInFrames(page, expression)).find(Boolean);
    if (value !== undefined) return value;
    if (Date.now() > until) {
      const urls = page.frames().map((frame) => frame.url().slice(0, 100));
      throw new Error(
        `waitForFrame: within ${timeoutMs} ms no frame gave a truthy value for \`${expression}\`. There are ${urls.length} frames:\n${urls.join('\n')}`,
      );
    }
    await sleep(pollEvery);
  }
}

/** The first visible element of the selector in any frame, waiting until there is one. */
async function visible(page, selector) {
  const until = Date.now() + selectorAppearsWithin;
  for (;;) {
    for (const frame of page.frames()) {
      const found = frame.locator(selector).filter({ visible: true }).first();
      if ((await countIn(found)) > 0) return found;
    }
    if (Date.now() > until) {
      throw new Error(
        `"${selector}" is not visible in any frame after ${selectorAppearsWithin / 1000} s.`,
      );
    }
    await sleep(pollEvery);
  }
}

async function countIn(locator) {
  try {
    return await Promise.race([locator.count(), noAnswer()]);
  } catch (error) {
    // The frame was taken away while we looked: it has nothing to offer.
    if (/detached|destroyed|did not answer|navigat/i.test(error.message)) return 0;
    throw error;
  }
}

/** A webview's side of its messages, and its style: a page of ours has no markup of its own and loads nothing. */

interface WebviewApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): WebviewApi;

let api: WebviewApi | undefined;

/** VS Code hands it out once. */
export function webviewApi(): WebviewApi {
  return (api ??= acquireVsCodeApi());
}

/** Constructed, as the page's security policy lets no style in that is written into the document. */
export function adoptStyle(...texts: string[]): void {
  document.adoptedStyleSheets = texts.map((text) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    return sheet;
  });
}

/** Messages of the extension, which alone can post to the page. */
export function onMessage(receive: (message: unknown) => void): void {
  addEventListener('message', ({ data }: MessageEvent<unknown>) => receive(data));
}

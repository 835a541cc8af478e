/** A page of ours in a webview: one script and nothing else, neither from the network nor inline. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

export const pageFolder = (extensionUri: vscode.Uri): vscode.Uri =>
  vscode.Uri.joinPath(extensionUri, 'dist', 'views');

/** @param script file name in `dist/views` */
export function pageHtml(webview: vscode.Webview, extensionUri: vscode.Uri, script: string) {
  const source = webview.asWebviewUri(vscode.Uri.joinPath(pageFolder(extensionUri), script));
  const nonce = randomBytes(16).toString('base64');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'nonce-${nonce}'">
</head>
<body><script nonce="${nonce}" src="${source.toString()}"></script></body>
</html>`;
}

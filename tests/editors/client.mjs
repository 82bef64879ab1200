// A client of the language server, put together from the packages that VS Code's own client is made of: what is said on the wire,
// how positions count and how edits apply is theirs, not ours.
//
// Usage: node client.mjs CALLSHEET EXAMPLES. Prints a line for each scene; ends with 1 at the first that is not as it should be.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as lsp from "vscode-languageserver-protocol/node";
import { TextDocument } from "vscode-languageserver-textdocument";

const { CancellationTokenSource, ErrorCodes, LSPErrorCodes, StreamMessageReader, StreamMessageWriter } = lsp;

const [program, examples] = process.argv.slice(2);
const PATIENCE_MS = 60_000;

/** One server with one client. */
class Desk {
  constructor() {
    this.child = spawn(program, ["lsp", "--stdio"], { stdio: ["pipe", "pipe", "pipe"] });
    this.stderr = "";
    this.child.stderr.on("data", (data) => (this.stderr += data));
    this.ended = new Promise((done) => this.child.on("exit", (code) => done(code)));
    this.connection = lsp.createProtocolConnection(
      new StreamMessageReader(this.child.stdout),
      new StreamMessageWriter(this.child.stdin),
    );
    this.published = [];
    this.waiting = [];
    this.connection.onNotification(lsp.PublishDiagnosticsNotification.type, (params) => {
      this.published.push(params);
      this.waiting = this.waiting.filter((waits) => !waits(params));
    });
    this.connection.listen();
    this.documents = new Map();
  }

  async start(encodings, options = {}, folder = undefined) {
    const result = await this.connection.sendRequest(lsp.InitializeRequest.type, {
      processId: process.pid,
      rootUri: null,
      workspaceFolders: folder ? [{ uri: pathToFileURL(folder).href, name: "rules" }] : null,
      initializationOptions: options,
      capabilities: { general: { positionEncodings: encodings } },
    });
    await this.connection.sendNotification(lsp.InitializedNotification.type, {});
    this.encoding = result.capabilities.positionEncoding ?? "utf-16";
    return result;
  }

  async stop() {
    await this.connection.sendRequest(lsp.ShutdownRequest.type);
    await this.connection.sendNotification(lsp.ExitNotification.type);
    const code = await this.ended;
    this.connection.dispose();
    assert.equal(this.stderr, "", "nothing on standard error");
    return code;
  }

  /** Opens a text; resolves once its lints were run. */
  async open(uri, text, languageId = "callsheet") {
    const document = TextDocument.create(uri, languageId, 1, text);
    this.documents.set(uri, document);
    await this.connection.sendNotification(lsp.DidOpenTextDocumentNotification.type, {
      textDocument: { uri, languageId, version: 1, text },
    });
    return document;
  }

  /** Replaces a stretch of a text, and tells the server only that. */
  async edit(uri, start, end, text) {
    const document = this.documents.get(uri);
    const range = { start: this.at(document, start), end: this.at(document, end) };
    TextDocument.update(document, [{ range: { start: document.positionAt(start), end: document.positionAt(end) }, text }], document.version + 1);
    await this.connection.sendNotification(lsp.DidChangeTextDocumentNotification.type, {
      textDocument: { uri, version: document.version },
      contentChanges: [{ range, text }],
    });
  }

  /** A position as this conversation counts: by the other project's library, or in bytes. */
  at(document, offset) {
    const position = document.positionAt(offset);
    if (this.encoding === "utf-16") return position;
    const line = document.getText({ start: { line: position.line, character: 0 }, end: position });
    return { line: position.line, character: Buffer.byteLength(line) };
  }

  /** A place of the conversation as an offset. */
  offset(document, position) {
    if (this.encoding === "utf-16") return document.offsetAt(position);
    const line = document.getText({ start: { line: position.line, character: 0 }, end: { line: position.line + 1, character: 0 } });
    const before = Buffer.from(line).subarray(0, position.character).toString();
    return document.offsetAt({ line: position.line, character: before.length });
  }

  slice(document, range) {
    return document.getText().slice(this.offset(document, range.start), this.offset(document, range.end));
  }

  /** A text after edits. */
  apply(document, edits) {
    const inUnits = edits.map(({ range, newText }) => ({
      range: {
        start: document.positionAt(this.offset(document, range.start)),
        end: document.positionAt(this.offset(document, range.end)),
      },
      newText,
    }));
    return TextDocument.applyEdits(document, inUnits);
  }

  ask(type, uri, offset, more = {}) {
    const document = this.documents.get(uri);
    return this.connection.sendRequest(type, { textDocument: { uri }, position: this.at(document, offset), ...more });
  }

  /** What was told so far, shortly. */
  told() {
    return this.published.map(({ version, diagnostics }) => `${version}: ${diagnostics.slice(0, 5).map(({ code }) => code)}`).join("; ");
  }

  /** The first remarks, sent from now on or before, that pass. */
  remarks(uri, passes) {
    const fits = (params) => params.uri === uri && passes(params);
    const before = this.published.find(fits);
    if (before) return Promise.resolve(before);
    return new Promise((found, lost) => {
      const timer = setTimeout(() => lost(new Error(`no such remarks on ${uri}: ${this.told()}`)), PATIENCE_MS);
      this.waiting.push((params) => {
        if (!fits(params)) return false;
        clearTimeout(timer);
        found(params);
        return true;
      });
    });
  }
}

async function scene(name, play) {
  let timer;
  const late = new Promise((_, lost) => (timer = setTimeout(() => lost(new Error(`${name}: too late`)), 2 * PATIENCE_MS)));
  await Promise.race([play(), late]);
  clearTimeout(timer);
  console.log(`scene ${name} ... ok`);
}

const refusal = async (promise) => {
  try {
    await promise;
  } catch (error) {
    return error.code;
  }
  return assert.fail("it was not refused");
};
const codes = (params) => params.diagnostics.map((remark) => remark.code);

const TEXT = `# Recordings 🎥
our domains @acme.com
list customers = [@customer.com, "面接"]
person boss = [dana@acme.com]

rule "x" nonsense
rule calls "🎥 Calls":
  record
  when title contains "🎥" and any attendee in customers and organizer is boss
  unless title contains any of ["off", "offside"]
test "it records 🎥":
  event { title: "🎥 demo", organizer: boss }
  expect record by calls
`;

for (const [encodings, expected, crlf] of [[["utf-8", "utf-16"], "utf-8", false], [["utf-16"], "utf-16", true], [undefined, "utf-16", false]]) {
  await scene(`positions in ${expected}${crlf ? " with CRLF" : ""}${encodings ? "" : " by default"}`, async () => {
    const desk = new Desk();
    const { capabilities } = await desk.start(encodings);
    assert.equal(capabilities.positionEncoding, expected);
    const text = crlf ? TEXT.replaceAll("\n", "\r\n") : TEXT;
    const uri = "file:///a%20folder/t%C3%A9am.rules";
    const document = await desk.open(uri, text);

    const first = await desk.remarks(uri, (params) => params.version === 1 && params.diagnostics.length > 0);
    const broken = first.diagnostics.find((remark) => remark.severity === lsp.DiagnosticSeverity.Error);
    assert.ok(desk.slice(document, broken.range).length > 0 && broken.source === "callsheet" && broken.code);

    // The piece that is broken goes, told as an edit in the middle of the text.
    const start = text.indexOf("rule \"x\"");
    await desk.edit(uri, start, text.indexOf("rule calls"), "");
    const found = await desk.remarks(uri, (params) => params.version === 2 && codes(params).includes("pattern-subsumed"));
    const subsumed = found.diagnostics.find((remark) => remark.code === "pattern-subsumed");
    assert.equal(desk.slice(document, subsumed.range), '"offside"');

    const rule = document.getText().indexOf("calls \"🎥");
    const hover = await desk.ask(lsp.HoverRequest.type, uri, rule);
    assert.match(hover.contents.value, /Record a meeting when the title contains "🎥"/);
    assert.equal(desk.slice(document, hover.range), "calls");

    const used = document.getText().lastIndexOf("boss");
    const given = await desk.ask(lsp.DefinitionRequest.type, uri, used);
    assert.equal(desk.offset(document, given.range.start), document.getText().indexOf("boss"));
    const references = await desk.ask(lsp.ReferencesRequest.type, uri, used, { context: { includeDeclaration: true } });
    assert.deepEqual(references.map(({ range }) => desk.slice(document, range)), ["boss", "boss", "boss"]);
    const others = await desk.ask(lsp.ReferencesRequest.type, uri, used, { context: { includeDeclaration: false } });
    assert.equal(others.length, 2);
    assert.equal((await desk.ask(lsp.DocumentHighlightRequest.type, uri, used)).length, 3);

    const symbols = await desk.connection.sendRequest(lsp.DocumentSymbolRequest.type, { textDocument: { uri } });
    assert.deepEqual(symbols.map(({ name }) => name), ["customers", "boss", "calls", "it records 🎥"]);
    for (const symbol of symbols) assert.ok(desk.slice(document, symbol.range).includes(desk.slice(document, symbol.selectionRange)));

    const { data } = await desk.connection.sendRequest(lsp.SemanticTokensRequest.type, { textDocument: { uri } });
    const { tokenTypes } = capabilities.semanticTokensProvider.legend;
    const coloured = [];
    for (let index = 0, line = 0, character = 0; index < data.length; index += 5) {
      const [down, right, length, type] = data.slice(index, index + 4);
      [line, character] = down > 0 ? [line + down, right] : [line, character + right];
      const range = { start: { line, character }, end: { line, character: character + length } };
      coloured.push(`${tokenTypes[type]} ${desk.slice(document, range)}`);
    }
    for (const token of ["comment # Recordings 🎥", "string \"🎥\"", "keyword attendee", "variable customers", "class boss", "event calls", "property title"]) {
      assert.ok(coloured.includes(token), `${token} among ${coloured}`);
    }

    // The fix of one remark, and all that are safe.
    const actions = await desk.connection.sendRequest(lsp.CodeActionRequest.type, {
      textDocument: { uri },
      range: subsumed.range,
      context: { diagnostics: [subsumed] },
    });
    const fix = actions.find((action) => action.isPreferred);
    assert.equal(fix.kind, "quickfix");
    assert.ok(!desk.apply(document, fix.edit.changes[uri]).includes("offside"));
    const allow = actions.find((action) => action.title === "allow `pattern-subsumed` here");
    assert.match(desk.apply(document, allow.edit.changes[uri]), /# lint: allow pattern-subsumed "reason"\r?\nrule calls/);
    const [all, ...more] = await desk.connection.sendRequest(lsp.CodeActionRequest.type, {
      textDocument: { uri },
      range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
      context: { diagnostics: [], only: ["source.fixAll"] },
    });
    assert.ok(more.length === 0 && all.kind === "source.fixAll");
    assert.ok(!desk.apply(document, all.edit.changes[uri]).includes("offside"));

    // Renaming, and what is refused.
    const prepared = await desk.ask(lsp.PrepareRenameRequest.type, uri, used);
    assert.equal(prepared.placeholder, "boss");
    const renamed = await desk.ask(lsp.RenameRequest.type, uri, used, { newName: "chef" });
    const after = desk.apply(document, renamed.changes[uri]);
    assert.ok(!after.includes("boss") && after.split("chef").length === 4);
    assert.equal(await refusal(desk.ask(lsp.RenameRequest.type, uri, used, { newName: "and" })), LSPErrorCodes.RequestFailed);
    assert.equal(await desk.ask(lsp.PrepareRenameRequest.type, uri, 0), null);

    // Layout: the edit makes what the command writes.
    const edits = await desk.connection.sendRequest(lsp.DocumentFormattingRequest.type, {
      textDocument: { uri },
      options: { tabSize: 4, insertSpaces: false },
    });
    const laidOut = desk.apply(document, edits);
    assert.ok(!laidOut.includes("\r") && laidOut.includes('rule calls "🎥 Calls":\n  record\n'));

    // Completion in the middle of a half-written word.
    const place = document.getText().indexOf("customers and") + 4;
    const items = await desk.ask(lsp.CompletionRequest.type, uri, place);
    const item = items.find(({ label }) => label === "customers");
    assert.equal(desk.slice(document, item.textEdit.range), "cust");
    assert.match(item.documentation.value, /a list of 2/);

    assert.equal(await desk.stop(), 0);
  });
}

await scene("typing is answered at once, and old remarks are not sent after new ones", async () => {
  const desk = new Desk();
  await desk.start(["utf-16"]);
  const uri = "file:///typing.rules";
  const rules = Array.from({ length: 300 }, (_, index) => `rule r${index}:\n  record\n  when title contains "w${index}" and attendees >= ${index % 9}\n`);
  await desk.open(uri, rules.join("\n"));
  for (let count = 0; count < 40; count += 1) {
    await desk.edit(uri, 0, 0, "# a comment\n");
    const hover = await desk.ask(lsp.HoverRequest.type, uri, desk.documents.get(uri).getText().indexOf("rule r7:"));
    assert.match(hover.contents.value, /\*\*r7\*\*/);
  }
  const last = await desk.remarks(uri, (params) => params.version === 41 && codes(params).includes("rule-shadowed"));
  assert.ok(last.diagnostics.length > 0);
  const versions = desk.published.map((params) => params.version);
  assert.deepEqual(versions, [...versions].sort((a, b) => a - b));
  await desk.connection.sendNotification(lsp.DidCloseTextDocumentNotification.type, { textDocument: { uri } });
  await desk.remarks(uri, (params) => params.diagnostics.length === 0 && params.version == null);
  assert.equal(await desk.stop(), 0);
});

await scene("every example has no error, in both forms, and is laid out", async () => {
  const desk = new Desk();
  await desk.start(["utf-8"]);
  for (const name of readdirSync(examples).filter((entry) => !entry.includes("."))) {
    for (const form of ["rules", "json"]) {
      const uri = pathToFileURL(join(examples, name, `${name}.${form}`)).href;
      await desk.open(uri, readFileSync(join(examples, name, `${name}.${form}`), "utf8"), form === "json" ? "json" : "callsheet");
      const { diagnostics } = await desk.remarks(uri, () => true);
      assert.deepEqual(diagnostics.filter(({ severity }) => severity === lsp.DiagnosticSeverity.Error), [], uri);
      const edits = await desk.connection.sendRequest(lsp.DocumentFormattingRequest.type, {
        textDocument: { uri },
        options: { tabSize: 2, insertSpaces: true },
      });
      assert.deepEqual(edits, [], uri);
    }
  }
  assert.equal(await desk.stop(), 0);
});

await scene("files of one set see each other's names, on disk and in the editor", async () => {
  const folder = mkdtempSync(join(tmpdir(), "callsheet-editor-"));
  try {
    writeFileSync(join(folder, "org.rules"), "layer organisation\nlist vips = [@v.example]\nrule r:\n  record\n  when any attendee in vips\n");
    writeFileSync(join(folder, "callsheet-lint.toml"), '[levels]\nrule-untested = "off"\n');
    const text = "layer user\nrule mine:\n  skip\n  when organizer in vips and organizer in vipps\n";
    const uri = pathToFileURL(join(folder, "me.rules")).href;
    const desk = new Desk();
    await desk.start(["utf-16"], { sets: [["org.rules", "me.rules"]] }, folder);
    await desk.open(uri, text);
    const { diagnostics } = await desk.remarks(uri, (params) => codes(params).includes("undefined-name"));
    assert.ok(diagnostics.every(({ code }) => code !== "rule-untested"));
    const given = await desk.ask(lsp.DefinitionRequest.type, uri, text.indexOf("vips"));
    assert.equal(given.uri, pathToFileURL(join(folder, "org.rules")).href);
    const renamed = await desk.ask(lsp.RenameRequest.type, uri, text.indexOf("vips"), { newName: "guests" });
    assert.deepEqual(Object.values(renamed.changes).map((edits) => edits.length).sort(), [1, 2]);

    // A configuration that cannot be read is told, and a file that was saved counts.
    const told = new Promise((heard) => desk.connection.onNotification(lsp.ShowMessageNotification.type, heard));
    writeFileSync(join(folder, "callsheet-lint.toml"), "levls = 1\n");
    writeFileSync(join(folder, "org.rules"), "layer organisation\nlist vipps = [@v.example]\n");
    const changed = { changes: [{ uri: pathToFileURL(join(folder, "org.rules")).href, type: lsp.FileChangeType.Changed }] };
    await desk.connection.sendNotification(lsp.DidChangeWatchedFilesNotification.type, changed);
    assert.match((await told).message, /levls.*did you mean `levels`/);
    const after = await desk.ask(lsp.DefinitionRequest.type, uri, text.indexOf("vipps"));
    assert.equal(after.range.start.line, 1);

    // A file that is closed counts as it is on disk again.
    const org = pathToFileURL(join(folder, "org.rules")).href;
    await desk.open(org, "layer organisation\nlist vips = [@v.example]\nlist vipps = [@v.example]\n");
    const namesMissing = (params) => codes(params).filter((code) => code === "undefined-name").length;
    desk.published = [];
    await desk.edit(uri, 0, 0, "# a comment\n");
    await desk.remarks(uri, (params) => params.version === 2 && namesMissing(params) === 0);
    desk.published = [];
    await desk.connection.sendNotification(lsp.DidCloseTextDocumentNotification.type, { textDocument: { uri: org } });
    await desk.remarks(uri, (params) => params.version === 2 && namesMissing(params) === 1);
    assert.equal(await desk.stop(), 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

await scene("what is no request is refused as the protocol says", async () => {
  const desk = new Desk();
  const hover = { textDocument: { uri: "file:///none.rules" }, position: { line: 0, character: 0 } };
  assert.equal(await refusal(desk.connection.sendRequest(lsp.HoverRequest.type, hover)), ErrorCodes.ServerNotInitialized);
  await desk.start(["utf-16"]);
  assert.equal(await refusal(desk.connection.sendRequest("callsheet/nothing", {})), ErrorCodes.MethodNotFound);
  assert.equal(await refusal(desk.connection.sendRequest("$/nothing", {})), ErrorCodes.MethodNotFound);
  assert.equal(await refusal(desk.connection.sendRequest("textDocument/hover", { position: "here" })), ErrorCodes.InvalidParams);
  assert.equal(await refusal(desk.connection.sendRequest(lsp.HoverRequest.type, hover)), ErrorCodes.InvalidParams);
  assert.equal(await refusal(desk.connection.sendRequest("initialize", {})), ErrorCodes.InvalidRequest);
  await desk.connection.sendNotification("$/nothing", {});
  await desk.connection.sendNotification("callsheet/nothing", {});

  const uri = "file:///a.rules";
  await desk.open(uri, "rule r: record");
  for (const position of [{ line: 9, character: 9 }, { line: 4294967295, character: 4294967295 }]) {
    await desk.connection.sendRequest(lsp.CompletionRequest.type, { textDocument: { uri }, position });
  }
  await desk.connection.sendRequest(lsp.ShutdownRequest.type);
  assert.equal(await refusal(desk.connection.sendRequest(lsp.HoverRequest.type, hover)), ErrorCodes.InvalidRequest);
  await desk.connection.sendNotification(lsp.ExitNotification.type);
  assert.equal(await desk.ended, 0);
  desk.connection.dispose();
});

await scene("a request that is taken back while it waits is not answered", async () => {
  const desk = new Desk();
  await desk.start(["utf-16"]);
  const uri = "file:///b.rules";
  const rules = Array.from({ length: 400 }, (_, index) => `rule r${index}:\n  record\n  when title contains "w${index}"\n`);
  await desk.open(uri, rules.join("\n"));
  const source = new CancellationTokenSource();
  // The first reads the text, which takes a while; the others wait behind it.
  const asked = Array.from({ length: 30 }, () =>
    desk.connection.sendRequest(lsp.DocumentSymbolRequest.type, { textDocument: { uri } }, source.token).then(() => "answered", (error) => error.code),
  );
  source.cancel();
  const answers = await Promise.all(asked);
  assert.ok(answers.every((answer) => answer === "answered" || answer === LSPErrorCodes.RequestCancelled), `${answers}`);
  assert.ok(answers.includes(LSPErrorCodes.RequestCancelled), `${answers}`);
  assert.equal(await desk.stop(), 0);
});

/** What a server says to bytes, and how it ends. */
function bytes(...messages) {
  const child = spawn(program, ["lsp"], { stdio: ["pipe", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  child.stdout.on("data", (data) => (out += data));
  child.stderr.on("data", (data) => (err += data));
  child.stdin.on("error", () => {});
  child.stdin.end(Buffer.concat(messages.map((message) => Buffer.from(message))));
  return new Promise((done) => child.on("close", (code) => done({ code, out, err })));
}
const framed = (body) => `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const initialize = framed('{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}');

await scene("malformed messages end nothing, and the end is told by its code", async () => {
  const secret = "salary talk";
  const went = await bytes(
    framed("{no json"), initialize, framed(`{"id":7,"${secret}":1}`), framed("[]"), framed(`"${secret}"`), framed('{"jsonrpc":"2.0","id":"x","method":"shutdown"}'), framed('{"jsonrpc":"2.0","method":"exit"}'),
  );
  assert.equal(went.code, 0, went.err);
  assert.match(went.out, /"id":null,"error":\{"code":-32700/);
  assert.match(went.out, /"id":7,"error":\{"code":-32600/);
  assert.match(went.out, /"id":"x","result":null/);
  assert.ok(!went.err.includes(secret), went.err);

  const note = framed(`{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"${secret}":1}}`);
  const misunderstood = await bytes(initialize, note, framed('{"jsonrpc":"2.0","method":"exit"}'));
  assert.equal(misunderstood.code, 1, "`exit` without `shutdown`");
  assert.ok(misunderstood.err.includes("textDocument/didOpen") && !misunderstood.err.includes(secret), misunderstood.err);

  assert.equal((await bytes(initialize)).code, 1, "the client is gone");
  assert.equal((await bytes("Content-Length: many\r\n\r\n")).code, 1);
  assert.equal((await bytes("Content-Length: 99999999999999\r\n\r\n{}")).code, 1);
  assert.equal((await bytes(`Content-Length: 100\r\n\r\n${secret}`)).code, 1);
  assert.equal((await bytes(secret)).code, 1);
});

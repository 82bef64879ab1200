// Starts the language server of callsheet and stops it again; all it knows is in the program itself.

const { workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = function () {
  const settings = workspace.getConfiguration("callsheet");
  const run = { command: settings.get("path"), args: ["lsp"] };
  client = new LanguageClient("callsheet", "callsheet", { run, debug: run }, {
    documentSelector: [{ language: "callsheet" }],
    initializationOptions: { sets: settings.get("sets") },
    synchronize: { fileEvents: workspace.createFileSystemWatcher("**/{*.rules,callsheet-lint.toml}") },
  });
  return client.start();
};

exports.deactivate = function () {
  return client?.stop();
};

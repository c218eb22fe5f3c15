// Starts `agentos lsp` for policies: the language's own files, and YAML where policies are kept.
"use strict";

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

async function start() {
  const settings = vscode.workspace.getConfiguration("agentos");
  const server = {
    command: settings.get("path"),
    args: settings.get("strict") ? ["lsp", "--strict"] : ["lsp"],
  };
  const yaml = settings.get("yaml").map((pattern) => ({ language: "yaml", pattern }));
  client = new LanguageClient("agentos", "agentos", server, {
    documentSelector: [{ language: "agentos-policy" }, ...yaml],
  });
  try {
    await client.start();
  } catch (error) {
    vscode.window.showErrorMessage(
      `agentos: \`${server.command} lsp\` does not start (${error.message}). ` +
        "Install it with `cargo install --path cli`, or set `agentos.path`."
    );
  }
}

async function stop() {
  const running = client;
  client = undefined;
  if (running && running.needsStop()) {
    await running.stop();
  }
}

async function restart() {
  await stop();
  await start();
}

exports.activate = async (context) => {
  context.subscriptions.push(
    vscode.commands.registerCommand("agentos.restart", restart),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("agentos")) {
        return restart();
      }
    })
  );
  await start();
};

exports.deactivate = stop;

// Colours texts by the TextMate grammar as VS Code does, with its own libraries, and compares them with what each word is.
//
// Usage: node scopes.mjs GRAMMAR < TEXTS. TEXTS is JSON: [{ name, text, words: [{ start, end, kind }] }], offsets in UTF-16. Prints how
// many words were looked at; ends with 1 where one has another scope than its kind asks for.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import oniguruma from "vscode-oniguruma";
import textmate from "vscode-textmate";

const SCOPES = {
  comment: ["comment."],
  keyword: ["keyword.", "support.type.callsheet", "constant.language."],
  string: ["string.quoted.", "string.unquoted."],
  regex: ["string.regexp.", "keyword.other.flags."],
  number: ["constant.numeric."],
  operator: ["keyword.operator.comparison."],
  key: ["support.type.property-name."],
  name: ["entity.name."],
};

const wasm = createRequire(import.meta.url).resolve("vscode-oniguruma").replace(/main\.js$/, "onig.wasm");
await oniguruma.loadWASM(readFileSync(wasm).buffer);
const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async () => textmate.parseRawGrammar(readFileSync(process.argv[2], "utf8"), "callsheet.tmLanguage.json"),
});
const grammar = await registry.loadGrammar("source.callsheet");

/** The scopes of every character of a text, innermost last. */
function coloured(text) {
  const scopes = [];
  let stack = textmate.INITIAL;
  let start = 0;
  for (const line of text.split("\n")) {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, stack);
    stack = ruleStack;
    for (const token of tokens) {
      for (let at = token.startIndex; at < Math.min(token.endIndex, line.length); at += 1) scopes[start + at] = token.scopes;
    }
    start += line.length + 1;
  }
  return scopes;
}

let [looked, wrong] = [0, 0];
for (const { name, text, words } of JSON.parse(readFileSync(0, "utf8"))) {
  const scopes = coloured(text);
  for (const { start, end, kind } of words) {
    looked += 1;
    const fits = (at) => scopes[at].some((scope) => SCOPES[kind].some((begin) => scope.startsWith(begin)));
    const places = Array.from({ length: end - start }, (_, index) => start + index);
    const astray = kind === "keyword" && text.slice(start, end).includes("..") ? undefined : places.find((at) => !fits(at));
    // Nothing else is taken for a text or a comment.
    const swallowed = !["comment", "string", "regex"].includes(kind) && scopes[start].some((scope) => /^(comment|string)\./.test(scope));
    if (astray !== undefined || swallowed) {
      wrong += 1;
      console.error(`${name}: ${kind} \`${text.slice(start, end)}\` at ${start}: ${scopes[astray ?? start]}`);
    }
  }
}
console.log(`${looked} words`);
process.exit(wrong > 0 ? 1 : 0);

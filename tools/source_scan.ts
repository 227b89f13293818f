/**
 * TypeScript source without its comments and the insides of its strings.
 *
 * @module
 */

/** A source file, taken apart. */
export interface ScannedSource {
  /** The source with blanks in place of comments and of what strings, templates and regular expressions hold; as long as it was. */
  readonly code: string;
  /** What each string holds, as written, by the position of its opening quote. */
  readonly strings: ReadonlyMap<number, string>;
}

/** After these characters a slash begins a regular expression; after others it divides. */
const BEFORE_REGEXP = "(,=:[!&|?{};+-*%~^<>";
/** And after these words. */
const WORDS_BEFORE_REGEXP =
  /(?:^|[^.\w$])(?:return|typeof|case|in|of|delete|void|throw|new|else|do|yield|await|instanceof)$/;

/** Takes a source file apart. */
export function scanSource(source: string): ScannedSource {
  const code = [...Array(source.length)].map((_, at) => source[at]!);
  const strings = new Map<number, string>();
  const blank = (from: number, to: number) => {
    for (let at = from; at < to; at++) if (code[at] !== "\n") code[at] = " ";
  };
  /** Depths of braces at which a template goes on. */
  const templates: number[] = [];
  let depth = 0;
  /** The last character of code that is no space, and where it is. */
  let last = "";
  let lastAt = -1;

  /** The end of what begins at `from`, behind `close`, with backslashes respected. */
  const endOf = (from: number, close: string): number => {
    for (let at = from; at < source.length; at++) {
      if (source[at] === "\\") at++;
      else if (source[at] === close) return at;
    }
    return source.length;
  };
  /** The rest of a template: to its end, or into `${`. */
  const template = (from: number): number => {
    for (let at = from; at < source.length; at++) {
      if (source[at] === "\\") at++;
      else if (source[at] === "`") {
        blank(from, at);
        return at + 1;
      } else if (source[at] === "$" && source[at + 1] === "{") {
        blank(from, at);
        templates.push(depth++);
        last = "{";
        return at + 2;
      }
    }
    return source.length;
  };

  for (let at = 0; at < source.length;) {
    const char = source[at]!;
    const two = source.slice(at, at + 2);
    if (two === "//" || two === "/*") {
      const close = two === "//" ? source.indexOf("\n", at) : source.indexOf("*/", at + 2) + 2;
      const end = close < at + 2 ? source.length : close;
      blank(at, end);
      at = end;
      continue;
    }
    if (/\s/.test(char)) {
      at++;
      continue;
    }
    const start = at;
    if (char === '"' || char === "'") {
      const end = endOf(at + 1, char);
      strings.set(at, source.slice(at + 1, end));
      blank(at + 1, end);
      at = end + 1;
    } else if (char === "`") at = template(at + 1);
    else if (char === "/" && beginsRegexp(code, { last, lastAt })) {
      const end = regexpEnd(source, at + 1);
      blank(at + 1, end);
      at = end + 1;
    } else {
      if (char === "{") depth++;
      if (char === "}") {
        depth--;
        if (templates.at(-1) === depth) {
          templates.pop();
          last = "`";
          lastAt = at;
          at = template(at + 1);
          continue;
        }
      }
      at++;
    }
    last = char;
    lastAt = start;
  }
  return { code: code.join(""), strings };
}

function beginsRegexp(
  code: readonly string[],
  { last, lastAt }: { readonly last: string; readonly lastAt: number },
): boolean {
  // Behind a value, `!` asserts that it is there; before one, it negates.
  if (last === "!" && /[\w$)\]]/.test(code[lastAt - 1] ?? "")) return false;
  if (last === "" || BEFORE_REGEXP.includes(last)) return true;
  return WORDS_BEFORE_REGEXP.test(code.slice(Math.max(0, lastAt - 11), lastAt + 1).join(""));
}

/** The position of the slash that ends a regular expression: not one in brackets. */
function regexpEnd(source: string, from: number): number {
  let bracket = false;
  for (let at = from; at < source.length; at++) {
    if (source[at] === "\\") at++;
    else if (source[at] === "[") bracket = true;
    else if (source[at] === "]") bracket = false;
    else if (source[at] === "/" && !bracket) return at;
    else if (source[at] === "\n") return at;
  }
  return source.length;
}

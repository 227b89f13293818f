/**
 * Lines of Markdown whose text is made of numbers.
 *
 * @module
 */

/** Lines of prose no longer than this. */
const LINE = 100;

/** Breaks paragraphs and points of Markdown into lines; tables, headings, indented code and comments stay. */
export function foldMarkdown(text: string): string {
  return text.split("\n\n").map((part) =>
    /^([|#<]| {4})/.test(part) ? part : part.split(/\n(?=- )/).map(foldPoint).join("\n")
  ).join("\n\n");
}

function foldPoint(text: string): string {
  const indent = text.startsWith("- ") ? "  " : "";
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > LINE) {
      lines.push(line);
      line = indent + word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}

/**
 * Text that a terminal only shows.
 *
 * @module
 */

/**
 * Writes control characters as escapes, except line breaks and tabs: a file's name or the settings in a picture are others'
 * words, and must not move the cursor or set the window's title.
 */
export function plainText(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, (control) => {
    return `\\x${control.codePointAt(0)!.toString(16).padStart(2, "0")}`;
  });
}

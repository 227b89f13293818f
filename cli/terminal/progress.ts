/**
 * How far the work is, on a terminal.
 *
 * @module
 */
import type { Console } from "./console.ts";

/** Tells how far the work is. */
export interface Progress {
  /** So many of so many are done. */
  update(done: number, total: number): void;
  /** Takes the line away. */
  end(): void;
}

/** Shows progress in the status line, with a bar, speed and time left. The clock starts now. */
export function showProgress(
  console: Console,
  options: { readonly label: string; readonly now?: () => number },
): Progress {
  const { label, now = () => performance.now() } = options;
  const start = now();
  return {
    update: (done, total) =>
      console.status(
        progressLine(
          { label, done, total, seconds: (now() - start) / 1000 },
          console.columns,
        ),
      ),
    end: () => console.status(""),
  };
}

/** What a progress line says. */
export interface ProgressState {
  /** What is being done. */
  readonly label: string;
  /** Steps done. */
  readonly done: number;
  /** Steps in all. */
  readonly total: number;
  /** Since the start. */
  readonly seconds: number;
}

/** The line, at most one character shorter than the terminal is wide: a full line would scroll. */
export function progressLine(state: ProgressState, columns: number): string {
  const { label, done, total, seconds } = state;
  const perSecond = seconds > 0 ? done / seconds : 0;
  const parts = [`${String(done).padStart(String(total).length)}/${total}`];
  if (done > 0 && perSecond > 0) {
    parts.push(
      perSecond >= 1 ? `${perSecond.toFixed(2)} it/s` : `${(1 / perSecond).toFixed(2)} s/it`,
      `${duration((total - done) / perSecond)} left`,
    );
  }
  const text = parts.join("  ");
  const room = columns - 1 - label.length - text.length - 4; // brackets and two spaces
  const width = Math.min(40, room);
  const line = width >= 8 ? `${label} [${bar(done / total, width)}] ${text}` : `${label} ${text}`;
  return line.slice(0, Math.max(0, columns - 1));
}

function bar(share: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return "=".repeat(filled) + " ".repeat(width - filled);
}

/** `0:07`, `12:30`, `1:02:03`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (number: number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(whole % 60)}`
    : `${minutes}:${two(whole % 60)}`;
}

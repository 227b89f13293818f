/**
 * Results that survive whatever ends the process: a line of JSON each, on the disk before the next picture is begun.
 *
 * @module
 */
import { FileError } from "../../mod.ts";

/** What is known of one picture. */
export interface ResultRecord {
  /** Its place among all pictures of the data set. */
  readonly index: number;
  /** Its name. */
  readonly image: string;
  /** Its right label. */
  readonly truth: string;
  /** The label that was given; absent if the picture could not be read. */
  readonly answer?: string;
  /** The best labels and their mean errors. */
  readonly best?: readonly (readonly [label: string, error: number])[];
  /** Every prompt's errors by evaluation, if they were asked for. */
  readonly errors?: readonly (readonly number[])[];
  /** Evaluations of the denoiser. */
  readonly evaluations?: number;
  /** How long it took. */
  readonly seconds?: number;
  /** What ran it. */
  readonly backend?: string;
  /** Why the picture could not be read. */
  readonly failure?: string;
}

/** What the results of a file have in common. */
export interface ResultsHeader {
  /** Settings that answers depend on. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Pictures of the whole data set. */
  readonly pictures: number;
  /** Which of them are in the file: every `count`-th from `index` on, counted from 1. */
  readonly shard: { readonly index: number; readonly count: number };
}

/** What a file holds. */
export interface StoredResults {
  readonly header: ResultsHeader;
  /** In the order in which they were made, one a picture. */
  readonly records: readonly ResultRecord[];
  /** Bytes of the file up to the end of its last whole line. */
  readonly bytes: number;
}

const FORMAT = "denoise evaluate 1";

/**
 * Parses a file. What stands after its last line end was being written when the process died: it is no result.
 *
 * @returns Undefined if not even the header is whole.
 * @throws {FileError} If it holds something else, or a picture twice.
 */
export function parseResults(bytes: Uint8Array, path: string): StoredResults | undefined {
  const fail = (reason: string) =>
    new FileError(`Cannot use the results ${path}: ${reason}`, { kind: "failed" });
  const end = bytes.lastIndexOf(0x0a) + 1;
  const [first = "", ...rest] = new TextDecoder().decode(bytes.subarray(0, end)).split("\n");
  const head = parseLine(first);
  if (end === 0) {
    // A header that was cut is the beginning of one.
    const begun = new TextDecoder().decode(bytes);
    const wanted = `{"format":"${FORMAT}"`;
    if (wanted.startsWith(begun) || begun.startsWith(wanted)) return undefined;
  }
  if (head?.format !== FORMAT) throw fail("it is another kind of file");
  const records: ResultRecord[] = [];
  const seen = new Set<number>();
  for (const [at, line] of rest.entries()) {
    if (line === "") continue;
    const record = parseLine(line) as ResultRecord | undefined;
    if (record === undefined || typeof record.index !== "number") {
      throw fail(`line ${at + 2} is damaged`);
    }
    if (seen.has(record.index)) {
      throw fail(`line ${at + 2} is about ${record.image}, as another is`);
    }
    seen.add(record.index);
    records.push(record);
  }
  const { settings, pictures, shard } = head as unknown as ResultsHeader;
  return { header: { settings, pictures, shard }, records, bytes: end };
}

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null
      ? value as Record<string, unknown>
      : undefined;
  } catch {
    return undefined;
  }
}

/** A results file that is being written; no other process can open it meanwhile. */
export class ResultsFile implements Disposable {
  /** Results that were there. */
  readonly records: readonly ResultRecord[];
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile, records: readonly ResultRecord[]) {
    this.#file = file;
    this.records = records;
  }

  /**
   * Opens a file, or makes it.
   *
   * @throws {FileError} If another process has it open, it cannot be written, or its results are of other settings.
   */
  static async open(path: string, header: ResultsHeader): Promise<ResultsFile> {
    const file = await openLocked(path);
    try {
      const stored = parseResults(await readAll(file), path);
      if (stored === undefined) {
        await file.truncate(0);
        await file.seek(0, Deno.SeekMode.Start);
        const results = new ResultsFile(file, []);
        await results.#write({ format: FORMAT, ...header });
        return results;
      }
      checkHeader(stored.header, { header, path });
      await file.truncate(stored.bytes);
      await file.seek(stored.bytes, Deno.SeekMode.Start);
      return new ResultsFile(file, stored.records);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Puts a result on the disk. */
  async append(record: ResultRecord): Promise<void> {
    await this.#write(record);
  }

  async #write(value: object): Promise<void> {
    const bytes = new TextEncoder().encode(`${JSON.stringify(value)}\n`);
    for (let written = 0; written < bytes.length;) {
      written += await this.#file.write(bytes.subarray(written));
    }
    await this.#file.syncData();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

async function openLocked(path: string): Promise<Deno.FsFile> {
  const fail = (reason: string, cause?: unknown) =>
    new FileError(`Cannot write the results ${path || '""'}: ${reason}`, { kind: "failed", cause });
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path, { read: true, write: true, create: true });
  } catch (cause) {
    throw fail(
      cause instanceof Deno.errors.NotFound
        ? "its folder does not exist"
        : (cause as Error).message,
      cause,
    );
  }
  if (!await file.tryLock(true)) {
    file.close();
    throw fail("another process is writing them");
  }
  return file;
}

async function readAll(file: Deno.FsFile): Promise<Uint8Array> {
  const bytes = new Uint8Array((await file.stat()).size);
  for (let filled = 0; filled < bytes.length;) {
    const count = await file.read(bytes.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return bytes;
}

/** @throws {FileError} Naming the first setting that differs. */
export function checkHeader(
  stored: ResultsHeader,
  { header, path }: { readonly header: ResultsHeader; readonly path: string },
): void {
  const flat = ({ settings, pictures, shard }: ResultsHeader): Record<string, unknown> => ({
    ...settings,
    pictures,
    shard: `${shard?.index}/${shard?.count}`,
  });
  const [found, wanted] = [flat(stored), flat(header)];
  for (const name of new Set([...Object.keys(found), ...Object.keys(wanted)])) {
    const [theirs, ours] = [found[name], wanted[name]].map((value) =>
      JSON.stringify(value) ?? "absent"
    );
    if (theirs === ours) continue;
    throw new FileError(
      `Cannot go on with the results ${path}: their ${name} is ${short(theirs!)}, not ${
        short(ours!)
      }; give another file`,
      { kind: "failed" },
    );
  }
}

function short(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

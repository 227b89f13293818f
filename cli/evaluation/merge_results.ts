/**
 * Results of several processes, together.
 *
 * @module
 */
import { locateFile } from "../../formats/files.ts";
import { FileError } from "../../mod.ts";
import {
  checkHeader,
  parseResults,
  type ResultRecord,
  type ResultsHeader,
} from "./results_file.ts";

/**
 * Reads results of one data set and one set of settings; their shards may differ.
 *
 * @throws {FileError} If a file cannot be read or used, or a picture is in two.
 */
export async function mergeResults(
  paths: readonly string[],
): Promise<{ readonly records: readonly ResultRecord[]; readonly pictures: number }> {
  const records = new Map<number, ResultRecord>();
  let first: ResultsHeader | undefined;
  for (const path of paths) {
    const { files, path: name } = locateFile(path);
    const stored = parseResults(await files.read(name), path);
    if (stored === undefined) {
      throw new FileError(`Cannot use the results ${path}: there are none`, { kind: "failed" });
    }
    first ??= stored.header;
    checkHeader(stored.header, { header: { ...first, shard: stored.header.shard }, path });
    for (const record of stored.records) {
      if (records.has(record.index)) {
        throw new FileError(
          `Cannot merge ${path}: it tells of ${record.image}, as another file does`,
          { kind: "failed" },
        );
      }
      records.set(record.index, record);
    }
  }
  const sorted = [...records.values()].sort((a, b) => a.index - b.index);
  return { records: sorted, pictures: first?.pictures ?? 0 };
}

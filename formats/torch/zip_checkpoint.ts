/**
 * The container of `torch.save` since version 1.6: a zip archive with a pickle, and an entry for each storage.
 *
 *     archive/data.pkl      the pickle
 *     archive/byteorder     "little" or "big"; since 2.1
 *     archive/data/KEY      a storage's bytes
 *     archive/version       of the container
 *
 * The folder's name is the file's, or anything.
 *
 * @module
 */
import { display } from "../json.ts";
import type { Container, ContainerFile } from "./container.ts";
import { readPickle } from "./pickle_machine.ts";
import { PickleEndError } from "./pickle_reader.ts";
import type { PickleValue } from "./pickle_value.ts";
import type { Fail } from "./torch_checkpoint_error.ts";
import { openZipArchive, type ZipArchive } from "./zip_archive.ts";

/** The newest version of the container that torch reads (`caffe2/serialize/versions.h`). */
const NEWEST_VERSION = 10;

/**
 * Opens a zip archive and carries out its pickle.
 *
 * @throws {TorchCheckpointError} If it is damaged, or something else in a zip archive.
 * @throws {FileError} If it cannot be read.
 */
export async function openZipCheckpoint(file: ContainerFile): Promise<Container> {
  const { largestPickle, fail } = file;
  const archive = await openZipArchive(file);
  const folder = findFolder(archive, fail);
  const version = await readWord(archive, { name: `${folder}/version`, fail });
  if (version !== undefined && !(/^\d{1,3}$/.test(version) && Number(version) <= NEWEST_VERSION)) {
    throw fail(`it has version ${display(version)}; ${NEWEST_VERSION} is the newest known`);
  }
  const byteorder = await readWord(archive, { name: `${folder}/byteorder`, fail }) ?? "little";
  if (byteorder !== "little" && byteorder !== "big") {
    throw fail(`its byteorder is ${display(byteorder)}, neither "little" nor "big"`);
  }
  const pickle = archive.entries.get(`${folder}/data.pkl`)!;
  if (pickle.size > largestPickle) {
    throw fail(`its ${pickle.name} has ${pickle.size} bytes; ${largestPickle} is the limit`);
  }
  const bytes = await archive.read(pickle);
  return {
    root: readWhole(bytes, fail),
    findStorage(key) {
      const entry = archive.entries.get(`${folder}/data/${key}`);
      return entry === undefined ? undefined : {
        size: entry.size,
        bigEndian: byteorder === "big",
        read: (start, end) => archive.read(entry, start, end),
      };
    },
  };
}

function readWhole(bytes: Uint8Array<ArrayBuffer>, fail: Fail): PickleValue {
  try {
    const { value, end } = readPickle(bytes, { fail });
    if (end === bytes.length) return value;
    throw fail(`its pickle ends at byte ${end} of ${bytes.length}`);
  } catch (error) {
    throw error instanceof PickleEndError
      ? fail(`its pickle is truncated: ${error.message}`)
      : error;
  }
}

/** The one folder that all entries are in. */
function findFolder({ entries }: ZipArchive, fail: Fail): string {
  const [first] = entries.keys();
  if (first === undefined) {
    throw fail("it is an empty zip archive, and a checkpoint has a folder with a data.pkl");
  }
  const folder = first.split("/", 1)[0]!;
  const outside = [...entries.keys()].find((name) => !name.startsWith(`${folder}/`));
  if (outside !== undefined) {
    throw fail(
      `it is a zip archive of something else: ${display(outside)} is in it, ` +
        "and a checkpoint has one folder with a data.pkl",
    );
  }
  const hasCode = entries.has(`${folder}/constants.pkl`) ||
    [...entries.keys()].some((name) => name.startsWith(`${folder}/code/`));
  if (hasCode) throw fail("it is a TorchScript program; save the state_dict of its module instead");
  if (!entries.has(`${folder}/data.pkl`)) {
    throw fail(`it is a zip archive without ${display(`${folder}/data.pkl`)}`);
  }
  return folder;
}

/** A short entry as text, without the space around it; undefined if there is none. */
async function readWord(
  archive: ZipArchive,
  { name, fail }: { readonly name: string; readonly fail: Fail },
): Promise<string | undefined> {
  const entry = archive.entries.get(name);
  if (entry === undefined) return undefined;
  if (entry.size > 32) throw fail(`its ${name} has ${entry.size} bytes, and should be one word`);
  return new TextDecoder("latin1").decode(await archive.read(entry)).trim();
}

/**
 * Pictures and their right labels.
 *
 * @module
 */
import { FileError } from "../../mod.ts";
import { UsageError } from "../usage_error.ts";
import { parseCsv } from "./csv.ts";

/** A picture that is to be classified. */
export interface DatasetItem {
  /** Its name, relative to the folder or the table; with `/` between parts. */
  readonly image: string;
  /** Where its file is. */
  readonly path: string;
  /** Its right label. */
  readonly truth: string;
  /** The labels to choose from, if they are its own. */
  readonly labels?: readonly string[];
  /** A prompt for each of its own labels. */
  readonly prompts?: readonly string[];
}

/** Pictures, and the labels of those that have none of their own. */
export interface Dataset {
  readonly items: readonly DatasetItem[];
  /** Names of all classes, sorted. */
  readonly labels: readonly string[];
}

const PICTURE = /\.(png|jpe?g)$/i;

/**
 * Lists the pictures of a folder with a folder for each class, or of a table.
 *
 * @throws {UsageError} If there are none, or the table cannot be used.
 * @throws {FileError} If it cannot be read.
 */
export async function openDataset(where: string): Promise<Dataset> {
  let isFile: boolean;
  try {
    ({ isFile } = await Deno.stat(where));
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    const missing = cause instanceof Deno.errors.NotFound;
    throw new FileError(
      `Cannot read ${where || '""'}: ${missing ? "no such file or folder" : cause.message}`,
      { kind: missing ? "missing" : "failed", cause },
    );
  }
  const items = isFile ? await tableItems(where) : await folderItems(where);
  const labels = new Set(
    items.flatMap(({ truth, labels }) => labels === undefined ? [truth] : []),
  );
  return { items, labels: [...labels].sort() };
}

async function folderItems(folder: string): Promise<readonly DatasetItem[]> {
  const items: DatasetItem[] = [];
  const base = folder.replace(/(?<=.)[\\/]+$/, "");
  for (const truth of await names(base, "folders")) {
    for (const name of await picturesBelow(`${base}/${truth}`)) {
      const image = `${truth}/${name}`;
      items.push({ image, path: `${base}/${image}`, truth });
    }
  }
  if (items.length === 0) {
    throw new UsageError(
      `Cannot evaluate ${folder}: it must have a folder for each class, with pictures (.png, .jpg) in it`,
    );
  }
  return items;
}

async function picturesBelow(folder: string): Promise<readonly string[]> {
  const found = (await names(folder, "files")).filter((name) => PICTURE.test(name));
  for (const inner of await names(folder, "folders")) {
    for (const name of await picturesBelow(`${folder}/${inner}`)) found.push(`${inner}/${name}`);
  }
  return found;
}

/** What a folder holds, sorted; hidden things and links to folders, which may lead round in circles, are left out. */
async function names(folder: string, what: "files" | "folders"): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const wanted = what === "folders" ? entry.isDirectory : entry.isFile || entry.isSymlink;
    if (wanted && !entry.name.startsWith(".")) found.push(entry.name);
  }
  return found.sort();
}

async function tableItems(file: string): Promise<readonly DatasetItem[]> {
  const { columns, rows } = parseCsv(await Deno.readTextFile(file), file);
  for (const name of ["image", "label"]) {
    if (!columns.includes(name)) {
      throw new UsageError(
        `Cannot evaluate ${file}: it must have the columns image and label; labels and prompts, with | between them, are ` +
          `possible too; it has ${columns.join(", ")}`,
      );
    }
  }
  if (rows.length === 0) throw new UsageError(`Cannot evaluate ${file}: it has no pictures`);
  const cut = Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\"));
  const base = file.slice(0, cut + 1);
  return rows.map(({ image = "", label: truth = "", labels = "", prompts = "" }, at) => {
    const fail = (reason: string) =>
      new UsageError(`Cannot evaluate ${file}: row ${at + 1} ${reason}`);
    if (image === "" || truth === "") throw fail("lacks its image or its label");
    const path = /^([\\/]|[a-z]:[\\/])/i.test(image) ? image : base + image;
    const item = { image, path, truth };
    if (labels === "") {
      if (prompts !== "") throw fail("has prompts but no labels");
      return item;
    }
    const choices = labels.split("|");
    const texts = prompts === "" ? undefined : prompts.split("|");
    if (!choices.includes(truth)) {
      throw fail(`has the label ${truth}, which is not among its labels`);
    }
    if (texts !== undefined && texts.length !== choices.length) {
      throw fail(`has ${texts.length} prompts for ${choices.length} labels`);
    }
    return { ...item, labels: choices, ...(texts === undefined ? {} : { prompts: texts }) };
  });
}

import { DataError } from "ntkit";

const DELIMITERS: readonly string[] = [",", "\t", ";", "|"];

/** What separates fields in files of this ending, when their first line holds it. */
const USUAL: Readonly<Record<string, string>> = { csv: ",", tsv: "\t", tab: "\t" };

/**
 * The separator of a text table: one that splits the first two lines alike, rather the usual one of the file's ending,
 * else the one that makes most fields.
 */
export function findDelimiter(text: string, source: string): string {
  const ending = /\.([a-z]+)(\.gz)?$/i.exec(source)?.[1]?.toLowerCase() ?? "";
  const [first = "", second = first] = leadingLines(text);
  const all = DELIMITERS.map((delimiter) => ({ delimiter, fields: countFields(first, delimiter) }));
  const alike = all.filter(({ delimiter, fields }) => fields > 1 && countFields(second, delimiter) === fields);
  const pool = alike.length > 0 ? alike : all;
  const usual = pool.find(({ delimiter, fields }) => delimiter === USUAL[ending] && fields > 1);
  const most = pool.reduce((best, other) => (other.fields > best.fields ? other : best));
  return (usual ?? most).delimiter;
}

/** Throws when a separator that was asked for cannot be one, or clearly is not the one of this text. */
export function checkDelimiter(text: string, delimiter: string, source: string): void {
  if (delimiter === "" || /["\r\n]/.test(delimiter))
    throw new DataError(`--delimiter must be text without quotes and line ends, got ${JSON.stringify(delimiter)}`);
  const [first = ""] = leadingLines(text);
  if (countFields(first, delimiter) > 1) return;
  const other = DELIMITERS.find((candidate) => countFields(first, candidate) > 1);
  if (other !== undefined)
    throw new DataError(
      `${source}: splitting at ${quotedDelimiter(delimiter)} gives one column, but the first line holds ${quotedDelimiter(other)}: pass --delimiter ${quotedDelimiter(other)}`,
    );
}

/** A separator as messages and the command line name it. */
export function quotedDelimiter(delimiter: string): string {
  return delimiter === "\t" ? "tab" : JSON.stringify(delimiter);
}

/** The first two lines that hold something. Line ends inside quotes are taken for ends: this only guesses. */
function leadingLines(text: string): string[] {
  return (
    text
      .slice(0, 2 ** 20)
      .match(/[^\r\n]+/g)
      ?.slice(0, 2) ?? []
  );
}

function countFields(line: string, delimiter: string): number {
  return line.replace(/"[^"]*"/g, "").split(delimiter).length;
}

import { gzipSync } from "node:zlib";
import { DataError } from "ntkit";
import { writeFileAtomic } from "./write-file.ts";

export interface OutputColumn {
  readonly name: string;
  readonly values: ArrayLike<number | string>;
}

/** Separators by the ending of the file name, before an optional .gz. */
const DELIMITERS: Readonly<Record<string, string>> = { csv: ",", txt: ",", tsv: "\t", tab: "\t" };

/** The ending that says the format, for a name like predictions.tsv.gz: "tsv". Throws for one that is not written. */
export function tableFormat(path: string): string {
  const ending = /\.([a-z]+)(\.gz)?$/i.exec(path)?.[1]?.toLowerCase() ?? "csv";
  if (ending in DELIMITERS) return ending;
  throw new DataError(`${path}: tables are written as .csv or .tsv, each with or without .gz, not as .${ending}`);
}

/** Writes columns of equal length as CSV or TSV, by the ending of `path`, gzipped when it ends in .gz. */
export async function writeTable(path: string, columns: readonly OutputColumn[]): Promise<void> {
  const text = tableText(columns, DELIMITERS[tableFormat(path)]!);
  const bytes = path.endsWith(".gz") ? gzipSync(text) : new TextEncoder().encode(text);
  await writeFileAtomic(path, (write) => write(bytes));
}

/** Lines of separated fields. Numbers are printed so that reading them back gives the same bits. */
export function tableText(columns: readonly OutputColumn[], delimiter = ","): string {
  const rows = columns[0]?.values.length ?? 0;
  const quote = (value: number | string) => quoted(`${value}`, delimiter);
  const lines = [columns.map(({ name }) => quote(name)).join(delimiter)];
  for (let i = 0; i < rows; i++) lines.push(columns.map(({ values }) => quote(values[i]!)).join(delimiter));
  return `${lines.join("\n")}\n`;
}

/** RFC 4180: fields with a separator, a quote or a line end stand in quotes, quotes inside are doubled. */
function quoted(field: string, delimiter: string): string {
  const special = field.includes(delimiter) || /["\r\n]/.test(field);
  return special ? `"${field.replaceAll('"', '""')}"` : field;
}

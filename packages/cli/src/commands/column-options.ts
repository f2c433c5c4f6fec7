import { DataError, didYouMean, listed, type Table } from "ntkit";
import { GatheringOption } from "../repeated-option.ts";

/** An option that names columns: several with commas between them, or the option several times. */
export function columnsOption(flags: string, what: string): GatheringOption {
  return new GatheringOption(flags, what);
}

/** The option of commands that learn. */
export function excludeOption(): GatheringOption {
  return columnsOption("--exclude <columns>", "columns not to learn from, like id,date; may be repeated");
}

/** The option of targets, one or several. */
export function targetOption(): GatheringOption {
  const what = "the column to predict; several, like a,b, are each learned alone, and none from the others";
  return columnsOption("--target <columns>", what).makeOptionMandatory() as GatheringOption; // it returns itself
}

/**
 * The columns that the texts of --target name. A text that is no column by itself, nor are its parts, is left to the learner to refuse.
 */
export function targetsNamed({ names }: Table, texts: readonly string[]): readonly string[] {
  const own = new Set(names);
  return [...new Set(texts.flatMap((text) => (own.has(text) || !text.includes(",") ? [text] : parts(text))))];
}

/** The columns of the table that texts of such an option name. A text that is a name is that column, whatever commas it holds. */
export function columnsNamed(
  { source, names }: Table,
  option: string,
  texts: readonly string[] = [],
): readonly string[] {
  const own = new Set(names);
  const named = texts.flatMap((text) => (own.has(text) ? [text] : parts(text)));
  const unknown = named.find((name) => !own.has(name));
  if (unknown === undefined) return [...new Set(named)];
  throw new DataError(
    `${option}: ${source} has no column named "${unknown}"${didYouMean(unknown, names)}; its columns are ${listed(names)}`,
  );
}

/** Whether a column may be one of those that the texts name. */
export function mayName(texts: readonly string[] = []): (name: string) => boolean {
  const named = new Set(texts.flatMap((text) => [text, ...parts(text)]));
  return (name) => named.has(name);
}

function parts(text: string): readonly string[] {
  return text.split(",").map((part) => part.trim());
}

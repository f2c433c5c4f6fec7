import { type Column, DataError, listed, type Table } from "ntkit";

/** A table of the columns that `column` makes; errors of a column say which file. Names must differ. */
export function makeTable(
  source: string,
  names: readonly string[],
  rows: number,
  column: (name: string, j: number) => Column,
): Table {
  if (new Set(names).size < names.length) {
    const twice = names.find((name, j) => names.indexOf(name) !== j);
    const places = names.flatMap((name, j) => (name === twice ? [`${j + 1}`] : []));
    throw new DataError(
      `${source}: columns ${listed(places.slice(0, -1))} and ${places.at(-1)} have the same name "${twice}": rename all but one`,
    );
  }
  try {
    return { source, names, rows, columns: names.map(column) };
  } catch (error) {
    if (error instanceof DataError) throw new DataError(`${source}: ${error.message}`, { cause: error });
    throw error;
  }
}

const CLOCK = /^([+-])?(\d+):([0-5]\d)(?::([0-5]\d(?:[.,]\d+)?))?$/;
/** As pandas writes them: -1 days +23:59:59.5 */
const DAYS_AND_CLOCK = /^([+-]?\d+) days?,? ([+-]?\d+:[0-5]\d:[0-5]\d(?:\.\d+)?)$/;
const ISO =
  /^([+-])?P(?=[\dT])(?:(\d+)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?=\d)(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const UNITS =
  /^([+-])?((?:\d+(?:\.\d+)?) ?(?:weeks?|d|days?|h|hrs?|hours?|m|mins?|minutes?|s|secs?|seconds?)(?:,? (?:and )?|$|(?=\d)))+$/i;

/** How long the units are, by the first letter of their names. */
const SECONDS: Readonly<Record<string, number>> = { w: 604_800, d: 86_400, h: 3600, m: 60, s: 1 };

/** The seconds that a duration lasts: 1:23:45, 2 days 03:04:05, P1DT2H, 1h 30m; NaN for other texts. Two numbers are hours and minutes. */
export function parseDuration(text: string): number {
  const clock = CLOCK.exec(text);
  if (clock) {
    const [, sign, hours, minutes, seconds = "0"] = clock;
    return signed(sign, 3600 * Number(hours) + 60 * Number(minutes) + Number(seconds.replace(",", ".")));
  }
  const days = DAYS_AND_CLOCK.exec(text);
  if (days) return 86_400 * Number(days[1]) + parseDuration(days[2]!);
  const iso = ISO.exec(text);
  if (iso) {
    const [, sign, ...counts] = iso;
    return signed(
      sign,
      counts.reduce((sum, count, k) => sum + Number(count ?? 0) * Object.values(SECONDS)[k]!, 0),
    );
  }
  if (!UNITS.test(text)) return Number.NaN;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?) ?([a-z])/gi))
    total += Number(count) * SECONDS[unit!.toLowerCase()]!;
  return signed(text[0], total);
}

function signed(sign: string | undefined, seconds: number): number {
  return sign === "-" && seconds !== 0 ? -seconds : seconds;
}

/** Whether the text can mean nothing but a duration: 5m may be metres, and 2d a label. */
export function isPlainlyDuration(text: string): boolean {
  return !/^[+-]?\d+(\.\d+)? ?[a-z]$/i.test(text);
}

import { type Command, CommanderError, Option } from "commander";

/** An option whose values are gathered in the order given, so that it may be repeated. */
export class GatheringOption extends Option {
  constructor(flags: string, what: string) {
    super(flags, what);
    this.argParser((text, before: readonly string[] = []) => [...before, text]);
  }
}

/**
 * The command, which refuses an option that takes one value and is given two: the last would win, and the first be lost without a word.
 */
export function refuseRepeats(command: Command): Command {
  const given = new Map<Option, string[]>();
  for (const option of command.options) {
    const single = (option.required || option.optional) && !option.variadic && !(option instanceof GatheringOption);
    if (!single) continue;
    command.on(`option:${option.name()}`, (value: string | null) => {
      given.set(option, [...(given.get(option) ?? []), `'${value ?? ""}'`]);
    });
  }
  return command.hook("preAction", () => {
    for (const [{ flags }, values] of given) {
      if (values.length < 2) continue;
      const rule = `error: option '${flags}' takes one value, got ${values.join(" and ")}: keep one of them`;
      throw new CommanderError(1, "ntkit.repeatedOption", rule);
    }
  });
}

import { describe, expect, it } from "vitest";
import { COMMANDS } from "../src/commands/list.ts";
import { GatheringOption } from "../src/repeated-option.ts";
import { ntkit } from "./command-line.ts";

const commands = await Promise.all(
  COMMANDS.map(async ({ name, load }) => ({ name, command: (await load())(new AbortController().signal) })),
);

/** A value that the option takes. */
function goodValue({ argChoices, flags }: { readonly argChoices?: readonly string[]; readonly flags: string }): string {
  return argChoices?.[0] ?? (/share|momentum|delta|epsilon/.test(flags) ? "0.5" : "1");
}

const cases = commands.flatMap(({ name, command }) =>
  command.options
    .filter((option) => (option.required || option.optional) && !(option instanceof GatheringOption))
    .map((option) => {
      const others = command.options.filter((other) => other.mandatory && other !== option);
      const line = [
        ...command.registeredArguments.map(
          (argument) => argument.argChoices?.[0] ?? (name === "benchmark" ? "uci" : "t"),
        ),
        ...[...others, option].flatMap((one) => [one.long!, goodValue(one)]),
      ];
      return {
        name,
        flags: option.flags,
        value: goodValue(option),
        argv: [name, ...line, `${option.long}=${goodValue(option)}`],
      };
    }),
);

describe("an option that takes one value is refused when it is given two", () => {
  it.each(cases)("$name $flags", async ({ name, flags, value, argv }) => {
    const { exitCode, stdout, stderr } = await ntkit(...argv);
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: `ntkit: option '${flags}' takes one value, got '${value}' and '${value}': keep one of them; ntkit ${name} --help shows how\n`,
    });
  });

  it("names both values", async () => {
    const { stderr } = await ntkit("train", "t.csv", "--network", "n", "--target", "a", "--target", "b");
    expect(stderr).toContain("option '--target <column>' takes one value, got 'a' and 'b': keep one of them");
  });
});

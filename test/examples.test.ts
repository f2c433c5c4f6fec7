import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it, vi } from "vitest";

const FOLDER = resolve(import.meta.dirname, "../examples");

describe("every example runs and says something", () => {
  it.each(readdirSync(FOLDER).filter((file) => file.endsWith(".ts")))("%s", async (file) => {
    const print = vi.spyOn(console, "log").mockImplementation(() => {});
    await import(/* @vite-ignore */ join(FOLDER, file));
    const text = print.mock.calls.flat().join("\n");
    print.mockRestore();
    expect(text).not.toBe("");
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
  });
});

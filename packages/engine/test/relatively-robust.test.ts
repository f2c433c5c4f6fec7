import { expect, it } from "vitest";
import { jsEngine } from "../../core/src/linalg/js-engine.ts";
import { lowerTriangle } from "../../core/src/linalg/lower-triangle.ts";
import { symmetricExamples } from "../../core/src/testing/engine-examples.ts";
import { eighLaws } from "../../core/src/testing/engine-laws.ts";
import { broken } from "../../core/src/testing/laws.ts";
import { loadLibrary } from "../src/library.ts";
import { relativelyRobust } from "../src/native-eigen.ts";

const koffi = await import("koffi").catch(() => undefined);
const library = koffi === undefined ? { unavailable: "no koffi" } : loadLibrary(koffi);

it.runIf("call" in library).each(symmetricExamples(4, 40).filter(([, a]) => a.rows > 0))(
  "the eigensolver for matrices too large for the other obeys its laws: %s",
  async (name, a) => {
    if (!("call" in library)) return;
    const eigh: typeof jsEngine.eigh = (x) => relativelyRobust(library, lowerTriangle("eigh", x), x.rows);
    expect(broken(await eighLaws({ ...jsEngine, eigh }, name, a))).toBe("");
  },
);

import type { Module } from "wasmati";

/** Sections of a WebAssembly module that have an entry for each function. */
const [TYPE_OF_FUNCTION, CODE] = [3, 10];
const HEADER_BYTES = 8;

/**
 * The bytes of a module of any length. wasmati writes a section through the call stack, which holds some 100 KB: here it writes one
 * function at a time, and the sections are put together again.
 */
export function moduleBytes(module: ReturnType<typeof Module>): Uint8Array {
  const whole = module.module;
  const pieces = whole.funcs.map((code) => {
    module.module = { ...whole, funcs: [code] };
    return module.toBytes();
  });
  module.module = whole;
  const sections = pieces.map(sectionsOf);
  const joined = [...sections[0]!].flatMap(([id, content]) => {
    if (id !== TYPE_OF_FUNCTION && id !== CODE) return [Uint8Array.of(id), unsigned(content.length), content];
    // Each of these begins with the number of its entries, 1.
    const entries = [unsigned(pieces.length), ...sections.map((own) => own.get(id)!.subarray(1))];
    return [Uint8Array.of(id), unsigned(lengthOf(entries)), ...entries];
  });
  return concatenated([pieces[0]!.subarray(0, HEADER_BYTES), ...joined]);
}

/** The contents of a module's sections by their numbers. */
function sectionsOf(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const sections = new Map<number, Uint8Array>();
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    const id = bytes[at++]!;
    let length = 0;
    for (let scale = 1, isLast = false; !isLast; scale *= 128, at++) {
      length += (bytes[at]! & 127) * scale;
      isLast = bytes[at]! < 128;
    }
    sections.set(id, bytes.subarray(at, at + length));
    at += length;
  }
  return sections;
}

/** A whole number from 0 as WebAssembly writes it: seven bits to a byte, the lowest first. */
function unsigned(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push(128 + (rest % 128));
  }
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

function concatenated(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(lengthOf(pieces));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

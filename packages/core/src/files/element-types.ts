/** A floating-point type of the safetensors format. */
export interface ElementType {
  /** Bytes per value. */
  readonly size: number;
  /** The value at a place, exact in float64. */
  read(view: DataView, at: number): number;
}

/** The types that are read, by the name they have in a header; all little-endian. */
export const ELEMENT_TYPES: Readonly<Record<string, ElementType>> = {
  F64: { size: 8, read: (view, at) => view.getFloat64(at, true) },
  F32: { size: 4, read: (view, at) => view.getFloat32(at, true) },
  F16: { size: 2, read: (view, at) => fromHalf(view.getUint16(at, true)) },
  BF16: { size: 2, read: (view, at) => fromBits(view.getUint16(at, true) << 16) },
};

/** IEEE binary16: a sign, 5 bits of exponent (bias 15), 10 of fraction. */
function fromHalf(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000, (bits >> 10) & 0x1f, bits & 0x3ff];
  if (exponent === 0) return (sign ? -1 : 1) * fraction * 2 ** -24;
  const wide = exponent === 0x1f ? 0xff : exponent - 15 + 127;
  return fromBits((sign << 16) | (wide << 23) | (fraction << 13));
}

const word = new DataView(new ArrayBuffer(4));

/** The float32 of these bits. */
function fromBits(bits: number): number {
  word.setInt32(0, bits);
  return word.getFloat32(0);
}

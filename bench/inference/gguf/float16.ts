/**
 * Half-precision numbers: one sign, five exponent and ten fraction bits (IEEE 754 binary16).
 */

/** Returns the 16 bits of the nearest half-precision number, the even one of two that are equally near. */
export function toFloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7e00
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  // Halfway between the largest number and the one that would follow it.
  if (size >= 65_520) return sign | 0x7c00
  const exponent = Math.max(-14, Math.floor(Math.log2(size)))
  const steps = roundHalfEven(size / 2 ** (exponent - 10))
  // 1,024 steps and more carry into the exponent by themselves.
  return sign | (((exponent + 14) << 10) + steps)
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}

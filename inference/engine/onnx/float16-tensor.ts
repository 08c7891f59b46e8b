/**
 * Tensors of float16 as their bits, into ONNX Runtime and out of it. Where JavaScript has a Float16Array, onnxruntime-node
 * 1.30 wraps the numbers in one, and then takes such a tensor for one of no bytes (microsoft/onnxruntime#32323).
 */
import { Tensor } from 'onnxruntime-node'

/** Returns a tensor that a session takes. */
export function float16Tensor(bits: Uint16Array, dims: readonly number[]): Tensor {
  const tensor = new Tensor('float16', bits, dims)
  Object.defineProperty(tensor, 'data', { value: bits })
  return tensor
}

/** Returns the bits of a float16 tensor; a view, not a copy. */
export function float16Bits(tensor: Tensor): Uint16Array<ArrayBuffer> {
  const { type, data } = tensor
  if (type !== 'float16' || !ArrayBuffer.isView(data)) throw new RangeError('A tensor is not of float16.')
  return new Uint16Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength / 2)
}

/** Returns what one session has made as another takes it. */
export function passOn(tensor: Tensor): Tensor {
  return tensor.type === 'float16' ? float16Tensor(float16Bits(tensor), tensor.dims) : tensor
}

/**
 * What a graph says of its inputs and outputs: name, type of the elements, dimensions. Holds no numbers.
 */
import { create } from '@bufbuild/protobuf'
import {
  TensorProto_DataType,
  TensorShapeProto_DimensionSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from './onnx_pb.js'

export type TensorInfo = {
  readonly name: string
  readonly elementType: TensorProto_DataType
  /** Numbers are fixed, names are the same wherever they occur, undefined is anything; absent: not even their number is known. */
  readonly dims?: readonly (number | string | undefined)[] | undefined
}

/** Returns what a graph tells of a tensor. */
export function toInfo(value: ValueInfoProto): TensorInfo {
  const type = value.type?.value
  const tensor = type?.case === 'tensorType' ? type.value : undefined
  return {
    name: value.name,
    elementType: tensor?.elemType ?? TensorProto_DataType.UNDEFINED,
    dims: tensor?.shape?.dim.map((dim) =>
      dim.value.case === 'dimValue' ? Number(dim.value.value) : dim.value.value,
    ),
  }
}

/** Returns what is written of a tensor. */
export function toValueInfo({ name, elementType, dims }: TensorInfo): ValueInfoProto {
  const dim = dims?.map((size) => {
    if (size === undefined) return create(TensorShapeProto_DimensionSchema)
    return create(TensorShapeProto_DimensionSchema, {
      value:
        typeof size === 'number'
          ? { case: 'dimValue', value: BigInt(size) }
          : { case: 'dimParam', value: size },
    })
  })
  return create(ValueInfoProtoSchema, {
    name,
    type: {
      value: { case: 'tensorType', value: { elemType: elementType, ...(dim ? { shape: { dim } } : {}) } },
    },
  })
}

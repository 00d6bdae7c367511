import protobuf from "protobufjs";

/** The part of onnx.proto3 that a model of one node needs, with the numbers of its fields. */
const schema = `
  syntax = "proto3";
  package onnx;
  message AttributeProto { string name = 1; int64 i = 3; int32 type = 20; }
  message NodeProto {
    repeated string input = 1; repeated string output = 2; string op_type = 4;
    repeated AttributeProto attribute = 5; string domain = 7;
  }
  message TensorProto {
    repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9;
  }
  message Dimension { int64 dim_value = 1; string dim_param = 2; }
  message TensorShapeProto { repeated Dimension dim = 1; }
  message TensorTypeProto { int32 elem_type = 1; TensorShapeProto shape = 2; }
  message TypeProto { TensorTypeProto tensor_type = 1; }
  message ValueInfoProto { string name = 1; TypeProto type = 2; }
  message GraphProto {
    repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5;
    repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
  }
  message OperatorSetIdProto { string domain = 1; int64 version = 2; }
  message ModelProto {
    int64 ir_version = 1; repeated OperatorSetIdProto opset_import = 8; GraphProto graph = 7;
  }`;

const modelType = protobuf.parse(schema, { keepCase: true }).root.lookupType("onnx.ModelProto");

/** TensorProto.DataType. */
const [float, uint8, int8] = [1, 2, 3];
/** AttributeProto.AttributeType. */
const integerAttribute = 2;

/** A constant of a model: row-major elements. */
export interface Constant {
  shape: number[];
  values: Float32Array | Uint8Array | Int8Array;
}

/** A node that multiplies input `a` by constants into output `y`, both float32. */
export interface ProductNode {
  operator: string;
  domain?: string;
  attributes?: Record<string, number>;
  constants: Constant[];
}

/** A model file of one node, `[rows, columns]` to `[rows, outputs]` for any number of rows. */
export function onnxModel(
  { operator, domain = "", attributes = {}, constants }: ProductNode,
  [columns, outputs]: number[],
): Uint8Array {
  const names = constants.map((_, index) => `constant${index}`);
  const matrix = (name: string, width: number) => ({
    name,
    type: {
      tensor_type: {
        elem_type: float,
        shape: { dim: [{ dim_param: "rows" }, { dim_value: width }] },
      },
    },
  });
  const model = {
    ir_version: 8,
    opset_import: [{ domain: "", version: 17 }, { domain: "com.microsoft", version: 1 }],
    graph: {
      name: "product",
      node: [{
        input: ["a", ...names],
        output: ["y"],
        op_type: operator,
        domain,
        attribute: Object.entries(attributes).map(([name, i]) => (
          { name, i, type: integerAttribute }
        )),
      }],
      initializer: constants.map(({ shape, values }, index) => ({
        name: names[index],
        dims: shape,
        data_type: dataType(values),
        raw_data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      })),
      input: [matrix("a", columns)],
      output: [matrix("y", outputs)],
    },
  };
  return modelType.encode(modelType.fromObject(model)).finish();
}

function dataType(values: Constant["values"]): number {
  return values instanceof Float32Array ? float : values instanceof Int8Array ? int8 : uint8;
}
